//! The one place that chooses a backend of burn.

use burn_autodiff::Autodiff;
use burn_tensor::backend::AutodiffBackend;

use super::error::AcceleratorError;
#[cfg(any(feature = "gpu", feature = "cuda"))]
use super::guard::guarded_quietly;
use super::session::Session;
use super::step::Accelerator;

type Opened = Result<Box<dyn Accelerator>, AcceleratorError>;

/// The first card that answers, of the ways to one that were built in.
pub(super) fn gpu() -> Opened {
    let ways: &[fn() -> Opened] = &[
        #[cfg(feature = "cuda")]
        cuda,
        #[cfg(feature = "gpu")]
        wgpu,
    ];
    let mut reasons = Vec::new();
    for open in ways {
        match open() {
            Err(AcceleratorError::NoDevice { reason }) => reasons.push(reason),
            opened => return opened,
        }
    }
    if reasons.is_empty() {
        return Err(AcceleratorError::NotBuilt);
    }
    Err(AcceleratorError::NoDevice {
        reason: reasons.join("; "),
    })
}

/// An NVIDIA card. The driver and NVRTC are loaded now, so a machine without them is an error here.
#[cfg(feature = "cuda")]
fn cuda() -> Opened {
    let device = burn_cuda::CudaDevice::default();
    let name = format!("CUDA: device {}", device.index);
    probe::<burn_cuda::Cuda>(&device).map_err(|reason| no_device("CUDA", &reason))?;
    session::<Autodiff<burn_cuda::Cuda>>(name, device)
}

/// The best card that Vulkan, Metal or DirectX 12 shows.
#[cfg(feature = "gpu")]
pub(super) fn wgpu() -> Opened {
    use std::sync::OnceLock;

    use burn_wgpu::graphics::AutoGraphicsApi;
    use burn_wgpu::{RuntimeOptions, WgpuDevice, init_setup};

    /// A device can be set up once per process.
    static NAME: OnceLock<Result<String, String>> = OnceLock::new();
    let device = WgpuDevice::DefaultDevice;
    let name = NAME.get_or_init(|| {
        guarded_quietly(|| {
            let setup = init_setup::<AutoGraphicsApi>(&device, RuntimeOptions::default());
            let info = setup.adapter.get_info();
            let kind = format!("{:?}", info.device_type);
            Ok(format!("wgpu ({:?}, {kind}): {}", setup.backend, info.name))
        })
    });
    let name = name.clone().map_err(|reason| no_device("wgpu", &reason))?;
    probe::<burn_wgpu::Wgpu>(&device).map_err(|reason| no_device(&name, &reason))?;
    session::<Autodiff<burn_wgpu::Wgpu>>(name, device)
}

/// The processor, through the same code.
#[cfg(feature = "burn-cpu")]
#[cfg_attr(not(test), allow(dead_code, reason = "only tests want it"))]
pub(super) fn cpu() -> Opened {
    let device = burn_flex::FlexDevice;
    session::<Autodiff<burn_flex::Flex>>("burn-flex".to_owned(), device)
}

fn session<B: AutodiffBackend>(name: String, device: B::Device) -> Opened {
    Ok(Box::new(Session::<B>::new(name, device)))
}

/// Computes a sum, so that a device that cannot is found out before the run starts.
#[cfg(any(feature = "gpu", feature = "cuda"))]
fn probe<B: burn_tensor::backend::Backend>(device: &B::Device) -> Result<(), String> {
    guarded_quietly(|| {
        let sum = burn_tensor::Tensor::<B, 1>::ones([8], device).sum();
        let data = sum.try_into_data().map_err(|e| e.to_string())?;
        match data.into_vec::<f32>() {
            Ok(sum) if sum == [8.0] => Ok(()),
            other => Err(format!("it says that 8 ones make {other:?}")),
        }
    })
}

#[cfg(any(feature = "gpu", feature = "cuda"))]
fn no_device(way: &str, reason: &str) -> AcceleratorError {
    AcceleratorError::NoDevice {
        reason: format!("{way}: {reason}"),
    }
}
