//! Which device trains, and why; sharing the window's wgpu device with burn.
//!
//! A real GPU (discrete or integrated) when wgpu finds one, otherwise burn's CPU backend. A software rasteriser draws but does
//! not train: a small model runs some sixty times slower on one than on the CPU backend of the same machine.

mod drawable;

pub use drawable::{DeviceBuffer, Drawable, Handover, Identity};

use burn::tensor::wgpu::WgpuSetup as SharedSetup;
use burn::tensor::{Device, Tensor};
use eframe::egui_wgpu::{self, wgpu};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use thiserror::Error;

/// What the person asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceChoice {
    /// A real GPU if there is one, otherwise the CPU.
    #[default]
    Auto,
    /// burn's CPU backend.
    Cpu,
    /// Whatever adapter wgpu offers, a software one too.
    Gpu,
}

/// Kind of device that trains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// burn's CPU backend.
    Cpu,
    /// wgpu.
    Gpu,
}

/// The device that trains.
#[derive(Clone, Debug)]
pub struct TrainingDevice {
    /// CPU or GPU.
    pub kind: DeviceKind,
    /// The processor's or adapter's name.
    pub name: String,
    /// Graphics driver and its version; none on the CPU.
    pub driver: Option<String>,
    /// Why this device was chosen, in one sentence.
    pub reason: String,
    device: Device,
    handover: Handover,
}

/// A graphics adapter, for a person.
#[derive(Clone, Debug, Serialize)]
pub struct AdapterDescription {
    /// As the driver names it.
    pub name: String,
    /// Driver and version.
    pub driver: String,
    /// Discrete GPU, integrated GPU, virtual GPU, software, other.
    pub kind: &'static str,
    /// Vulkan, Metal, DX12, GL.
    pub backend: String,
    /// Whether `auto` would train on it.
    pub trains: bool,
}

/// A device that cannot be had, or stopped working.
#[derive(Clone, Debug, Error)]
pub enum DeviceError {
    /// No adapter at all.
    #[error(
        "no graphics adapter was found; install a Vulkan driver (on Debian: mesa-vulkan-drivers), or use --device cpu"
    )]
    NoAdapter,
    /// The environment names an adapter that does not exist.
    #[error("no graphics adapter is called `{wanted}`, as WGPU_ADAPTER_NAME says; there {known}")]
    UnknownAdapter {
        /// The variable's value.
        wanted: String,
        /// What there is.
        known: String,
    },
    /// An adapter that would not open.
    #[error(
        "the graphics adapter {name} could not be opened ({message}); use --device cpu, or choose another with WGPU_ADAPTER_NAME"
    )]
    Open {
        /// The adapter.
        name: String,
        /// What wgpu or burn says.
        message: String,
    },
    /// A computation that failed on the device.
    #[error("the device stopped answering ({0}); start again, or train on the CPU with --device cpu")]
    Computation(String),
}

impl TrainingDevice {
    /// burn's CPU backend.
    pub fn cpu() -> Self {
        Self::cpu_because("asked for the CPU")
    }

    fn cpu_because(reason: &str) -> Self {
        Self {
            kind: DeviceKind::Cpu,
            name: processor_name(),
            driver: None,
            reason: reason.to_owned(),
            device: Device::flex(),
            handover: Handover::ReadBack,
        }
    }

    /// burn's handle, without autodiff.
    pub fn tensors(&self) -> Device {
        self.device.clone()
    }

    /// How numbers for the screen get there: in place where the window draws on this device, too.
    pub fn handover(&self) -> Handover {
        self.handover
    }
}

/// Chooses a device with no window.
///
/// # Errors
/// No adapter, or one that does not open, when a GPU was asked for.
pub fn select(choice: DeviceChoice) -> Result<TrainingDevice, DeviceError> {
    if choice == DeviceChoice::Cpu {
        return Ok(TrainingDevice::cpu());
    }
    let mut descriptor = egui_wgpu::WgpuSetupCreateNew::without_display_handle().instance_descriptor;
    descriptor.backends = descriptor.backends.difference(wgpu::Backends::GL);
    let instance = wgpu::Instance::new(descriptor);
    // OpenGL never trains (see `is_real_gpu`), and looking for it makes Mesa write to standard error.
    let adapters = enumerate(&instance, wgpu::Backends::PRIMARY);
    let wanted = std::env::var("WGPU_ADAPTER_NAME").ok().map(|name| name.to_lowercase());
    let is_wanted = |name: &str| wanted.as_ref().is_none_or(|wanted| name.to_lowercase().contains(wanted));
    let names: Vec<String> = adapters.iter().map(|adapter| adapter.get_info().name).collect();
    let best = adapters
        .into_iter()
        .filter(|adapter| is_wanted(&adapter.get_info().name))
        .max_by_key(|adapter| preference(&adapter.get_info()));
    if let (None, Some(wanted), false) = (&best, &wanted, names.is_empty()) {
        let known = format!("are {}", names.join(", "));
        return Err(DeviceError::UnknownAdapter { wanted: wanted.clone(), known });
    }
    let adapter = match (best, choice) {
        (Some(adapter), _) if is_real_gpu(&adapter.get_info()) => adapter,
        (Some(adapter), DeviceChoice::Gpu) => adapter,
        (Some(adapter), _) => return Ok(TrainingDevice::cpu_because(&software_reason(&adapter.get_info().name))),
        (None, DeviceChoice::Gpu) => return Err(DeviceError::NoAdapter),
        (None, _) => return Ok(TrainingDevice::cpu_because("no graphics adapter was found")),
    };
    let info = adapter.get_info();
    let opened = pollster::block_on(adapter.request_device(&device_descriptor(&adapter)));
    let open = |message: String| DeviceError::Open { name: info.name.clone(), message };
    let registered = opened.map_err(|error| open(error.to_string())).and_then(|(device, queue)| {
        let setup = SharedSetup { instance, adapter: adapter.clone(), device, queue, backend: info.backend };
        register(setup, &info, "a graphics adapter was found", Handover::ReadBack)
    });
    match (registered, choice) {
        (Ok(device), _) => Ok(device),
        (Err(error), DeviceChoice::Gpu) => Err(error),
        (Err(error), _) => Ok(TrainingDevice::cpu_because(&error.to_string())),
    }
}

/// Chooses a device for a window: its own wgpu device when that is a real GPU, so that training and drawing share it.
///
/// # Errors
/// A device that burn does not accept, when a GPU was asked for.
pub fn share(choice: DeviceChoice, window: &egui_wgpu::RenderState) -> Result<TrainingDevice, DeviceError> {
    let info = window.adapter.get_info();
    match choice {
        DeviceChoice::Cpu => return Ok(TrainingDevice::cpu()),
        DeviceChoice::Auto if !is_real_gpu(&info) => {
            return Ok(TrainingDevice::cpu_because(&software_reason(&info.name)));
        }
        _ => {}
    }
    let setup = SharedSetup {
        instance: window.instance.clone(),
        adapter: window.adapter.clone(),
        device: window.device.clone(),
        queue: window.queue.clone(),
        backend: info.backend,
    };
    match (register(setup, &info, "it draws the window, too", Handover::InPlace), choice) {
        (Ok(device), _) => Ok(device),
        (Err(error), DeviceChoice::Gpu) => Err(error),
        (Err(error), _) => Ok(TrainingDevice::cpu_because(&error.to_string())),
    }
}

/// How eframe must set up wgpu so that burn can train on the same device.
pub fn wgpu_setup() -> egui_wgpu::WgpuSetup {
    let mut setup = egui_wgpu::WgpuSetupCreateNew::without_display_handle();
    setup.device_descriptor = Arc::new(device_descriptor);
    egui_wgpu::WgpuSetup::CreateNew(setup)
}

/// All graphics adapters.
pub fn adapters() -> Vec<AdapterDescription> {
    let instance = wgpu::Instance::new(egui_wgpu::WgpuSetupCreateNew::without_display_handle().instance_descriptor);
    enumerate(&instance, wgpu::Backends::all()).iter().map(|adapter| describe(&adapter.get_info())).collect()
}

/// Reads a tensor back to the host, row-major.
///
/// # Errors
/// A device that fails to answer.
pub fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, DeviceError> {
    let data = tensor.try_into_data().map_err(|error| DeviceError::Computation(first_line(&error.to_string())))?;
    data.try_into_vec().map_err(|error| DeviceError::Computation(first_line(&format!("{error:?}"))))
}

/// burn reads its capabilities off the adapter, so the device must have all of them; eframe's default asks for too little.
fn device_descriptor(adapter: &wgpu::Adapter) -> wgpu::DeviceDescriptor<'static> {
    let features = adapter
        .features()
        .difference(wgpu::Features::MAPPABLE_PRIMARY_BUFFERS)
        .difference(wgpu::Features::all_experimental_mask());
    wgpu::DeviceDescriptor { required_features: features, required_limits: adapter.limits(), ..Default::default() }
}

fn register(
    setup: SharedSetup,
    info: &wgpu::AdapterInfo,
    reason: &str,
    handover: Handover,
) -> Result<TrainingDevice, DeviceError> {
    let handle = setup.device.clone();
    let device = Device::wgpu_options()
        .setup(setup)
        .init()
        .map_err(|error| DeviceError::Open { name: info.name.clone(), message: first_line(&error.to_string()) })?;
    // burn's handler panics the calling thread on any validation error, one of the window's own too
    // (cubecl-wgpu 0.11.3, compute/device_poison.rs); a failed operation still surfaces at its next read.
    handle.on_uncaptured_error(Arc::new(|error| eprintln!("graphics device: {}", first_line(&error.to_string()))));
    Ok(TrainingDevice {
        kind: DeviceKind::Gpu,
        name: info.name.clone(),
        driver: Some(driver(info)),
        reason: reason.to_owned(),
        device,
        handover,
    })
}

fn enumerate(instance: &wgpu::Instance, backends: wgpu::Backends) -> Vec<wgpu::Adapter> {
    pollster::block_on(instance.enumerate_adapters(backends))
}

fn describe(info: &wgpu::AdapterInfo) -> AdapterDescription {
    AdapterDescription {
        name: info.name.clone(),
        driver: driver(info),
        kind: match info.device_type {
            wgpu::DeviceType::DiscreteGpu => "discrete GPU",
            wgpu::DeviceType::IntegratedGpu => "integrated GPU",
            wgpu::DeviceType::VirtualGpu => "virtual GPU",
            wgpu::DeviceType::Cpu => "software",
            wgpu::DeviceType::Other => "other",
        },
        backend: info.backend.to_string(),
        trains: is_real_gpu(info),
    }
}

fn driver(info: &wgpu::AdapterInfo) -> String {
    format!("{} {}", info.driver, info.driver_info).trim().to_owned()
}

fn is_real_gpu(info: &wgpu::AdapterInfo) -> bool {
    let kind = matches!(info.device_type, wgpu::DeviceType::DiscreteGpu | wgpu::DeviceType::IntegratedGpu);
    // OpenGL offers too few storage buffers for burn, and often reports a software driver as a GPU.
    kind && info.backend != wgpu::Backend::Gl
}

fn preference(info: &wgpu::AdapterInfo) -> u8 {
    let kind = match info.device_type {
        wgpu::DeviceType::DiscreteGpu => 8,
        wgpu::DeviceType::IntegratedGpu => 6,
        wgpu::DeviceType::VirtualGpu => 4,
        wgpu::DeviceType::Cpu => 2,
        wgpu::DeviceType::Other => 0,
    };
    kind + u8::from(info.backend != wgpu::Backend::Gl)
}

fn software_reason(name: &str) -> String {
    format!("the best graphics adapter, {name}, is no discrete or integrated GPU, and the CPU trains faster than it")
}

fn processor_name() -> String {
    let model = std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    model.unwrap_or_else(|| format!("CPU ({})", std::env::consts::ARCH))
}

fn first_line(text: &str) -> String {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("no reason given").to_owned()
}
