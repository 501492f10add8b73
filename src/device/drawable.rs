//! Numbers for the screen, which knows no tensor: in the buffer that they were computed in, where the device that trains draws the window,
//! too, and otherwise read back, to be uploaded to the device that draws.

use super::{DeviceError, first_line, read};
use burn::backend::Cube;
use burn::tensor::{DType, Tensor};
use burn_cubecl::CubeBackend;
use burn_cubecl::cubecl::wgpu::{AutoCompiler, WgpuServer};
use burn_cubecl::kernel::into_contiguous;
use eframe::egui_wgpu::wgpu;
use std::any::Any;
use std::fmt;
use std::sync::{Arc, Weak};

/// Numbers to be drawn, row-major; cheap to clone. What shows them need not know where they are.
#[derive(Clone, Debug)]
pub enum Drawable {
    /// On the host; a screen uploads them once.
    Host(Arc<Vec<f32>>),
    /// On the device that draws.
    Device(Arc<DeviceBuffer>),
}

/// A part of a buffer of the device that draws, which holds a tensor.
pub struct DeviceBuffer {
    buffer: wgpu::Buffer,
    offset: u64,
    count: usize,
    /// While it is held, the part is neither freed, nor handed out again, nor moved.
    _allocation: Box<dyn Any + Send + Sync>,
}

/// How numbers get to the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Handover {
    /// Through the host.
    #[default]
    ReadBack,
    /// As the tensor's own buffer.
    InPlace,
}

/// Tells whether two drawables are the same one, without keeping either alive.
#[derive(Clone, Debug)]
pub enum Identity {
    /// Of [`Drawable::Host`].
    Host(Weak<Vec<f32>>),
    /// Of [`Drawable::Device`].
    Device(Weak<DeviceBuffer>),
}

impl Handover {
    /// Hands a tensor without autodiff to the screen. To be called on the thread that computed it, which may have to wait for the device.
    ///
    /// # Errors
    /// A device that fails to answer, or in-place drawing of a tensor of another device.
    pub fn hand_over<const D: usize>(self, tensor: Tensor<D>) -> Result<Drawable, DeviceError> {
        match self {
            Self::ReadBack => Ok(Drawable::Host(Arc::new(read(tensor)?))),
            Self::InPlace => Ok(Drawable::Device(Arc::new(DeviceBuffer::of(tensor)?))),
        }
    }
}

impl DeviceBuffer {
    fn of<const D: usize>(tensor: Tensor<D>) -> Result<Self, DeviceError> {
        let failed = |error: &dyn fmt::Display| DeviceError::Computation(first_line(&error.to_string()));
        let count = tensor.shape().num_elements();
        let lazy = tensor.try_into_primitive::<Cube>().map_err(|error| failed(&format!("{error:?}")))?;
        let tensor = lazy.client.clone().resolve_tensor_float::<CubeBackend>(lazy);
        if tensor.dtype != DType::F32 {
            return Err(failed(&format!("numbers of type {:?} cannot be drawn", tensor.dtype)));
        }
        let tensor = into_contiguous(tensor);
        let allocation = tensor.client.get_resource::<WgpuServer<AutoCompiler>>(tensor.handle.clone());
        let allocation = allocation.map_err(|error| failed(&error))?;
        // Until now the work is recorded, not submitted; the frame that draws comes to the same queue after it.
        tensor.client.flush().map_err(|error| failed(&error))?;
        let resource = allocation.resource();
        Ok(Self { buffer: resource.buffer.clone(), offset: resource.offset, count, _allocation: Box::new(allocation) })
    }

    /// The buffer; it may hold more than these numbers.
    pub fn buffer(&self) -> &wgpu::Buffer {
        &self.buffer
    }

    /// Where in the buffer they start, bytes.
    pub fn offset(&self) -> u64 {
        self.offset
    }
}

impl fmt::Debug for DeviceBuffer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DeviceBuffer({} numbers)", self.count)
    }
}

impl Drawable {
    /// How many numbers.
    pub fn len(&self) -> usize {
        match self {
            Self::Host(values) => values.len(),
            Self::Device(buffer) => buffer.count,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers, where they are on the host.
    pub fn host(&self) -> Option<&Arc<Vec<f32>>> {
        match self {
            Self::Host(values) => Some(values),
            Self::Device(_) => None,
        }
    }

    /// What to recognise these numbers by.
    pub fn identity(&self) -> Identity {
        match self {
            Self::Host(values) => Identity::Host(Arc::downgrade(values)),
            Self::Device(buffer) => Identity::Device(Arc::downgrade(buffer)),
        }
    }
}

impl From<Arc<Vec<f32>>> for Drawable {
    fn from(values: Arc<Vec<f32>>) -> Self {
        Self::Host(values)
    }
}

impl PartialEq for Drawable {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Host(own), Self::Host(other)) => own == other,
            (Self::Device(own), Self::Device(other)) => Arc::ptr_eq(own, other),
            _ => false,
        }
    }
}

impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Host(own), Self::Host(other)) => Weak::ptr_eq(own, other),
            (Self::Device(own), Self::Device(other)) => Weak::ptr_eq(own, other),
            _ => false,
        }
    }
}
