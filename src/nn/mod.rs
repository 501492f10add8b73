//! Layers: dense, multilayer perceptron, and the Brenier map (gradient of an input-convex network).
//!
//! Row vectors throughout: a layer maps `[batch, in]` to `[batch, out]`.

mod brenier_map;
mod dense;
mod initializer;
mod mlp;

pub use brenier_map::{BrenierMap, BrenierMapConfig, PotentialWeights};
pub use dense::Dense;
pub use initializer::Initializer;
pub use mlp::Mlp;
