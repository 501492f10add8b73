//! Training on a wgpu device.
