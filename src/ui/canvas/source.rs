//! Numbers as a shader reads them: in the buffer that they were computed in, where the device that draws has computed them, and otherwise in a
//! copy that is uploaded once. Whoever draws need not know which.

use crate::device::Drawable;
use bytemuck::Pod;
use eframe::egui_wgpu::wgpu;
use std::num::NonZeroU64;
use std::sync::{Arc, Weak};

/// Where the numbers of one picture are; its buffer is used again for the next numbers.
pub(super) struct Source<T> {
    upload: Option<Upload<T>>,
}

struct Upload<T> {
    /// What was uploaded: recognised by its allocation, which this does not keep alive.
    values: Weak<Vec<T>>,
    buffer: wgpu::Buffer,
}

impl<T> Default for Source<T> {
    fn default() -> Self {
        Self { upload: None }
    }
}

impl Source<f32> {
    /// Numbers, of which there is at least one, to be bound as a storage buffer that is only read. They must be held until the frame is submitted.
    pub fn of<'a>(
        &'a mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        numbers: &'a Drawable,
    ) -> wgpu::BindingResource<'a> {
        match numbers {
            Drawable::Host(values) => self.uploaded(device, queue, values),
            Drawable::Device(own) => {
                self.upload = None;
                part(own.buffer(), own.offset(), numbers.len() * size_of::<f32>())
            }
        }
    }
}

impl<T: Pod> Source<T> {
    /// Values of the host, of which there is at least one.
    pub fn uploaded(
        &mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        values: &Arc<Vec<T>>,
    ) -> wgpu::BindingResource<'_> {
        let bytes: &[u8] = bytemuck::cast_slice(values);
        let fits = |upload: &Upload<T>| (bytes.len() as u64..=4 * bytes.len() as u64).contains(&upload.buffer.size());
        let values = Arc::downgrade(values);
        let former = self.upload.take().filter(fits);
        let is_there = former.as_ref().is_some_and(|upload| Weak::ptr_eq(&upload.values, &values));
        let buffer = match former {
            Some(upload) => upload.buffer,
            None => device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("numbers"),
                size: bytes.len() as u64,
                usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            }),
        };
        if !is_there {
            queue.write_buffer(&buffer, 0, bytes);
        }
        let upload = self.upload.insert(Upload { values, buffer });
        part(&upload.buffer, 0, bytes.len())
    }
}

fn part(buffer: &wgpu::Buffer, offset: u64, size: usize) -> wgpu::BindingResource<'_> {
    wgpu::BindingResource::Buffer(wgpu::BufferBinding { buffer, offset, size: NonZeroU64::new(size as u64) })
}
