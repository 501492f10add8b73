//! How far the decoder is from flat, over a latent plane: the smallest singular value of its Jacobian, and for Brenier decoders the
//! smallest curvature of both potentials.

use std::sync::Arc;

/// Values over a latent plane; row-major `[side, side]` with the vertical axis ascending by rows, `[side]` for K = 1.
#[derive(Clone, Debug, PartialEq)]
pub struct InjectivityField {
    /// Latent dimensions on the horizontal and vertical axis; the same twice for K = 1.
    pub dimensions: [usize; 2],
    /// Points per axis.
    pub side: usize,
    /// The axes go from −reach to reach, in prior standard deviations.
    pub reach: f32,
    /// σ_min of the decoder's Jacobian `[D, K]`, by central differences of the natural parameter.
    pub smallest_singular: Arc<Vec<f32>>,
    /// What Brenier decoders have on top.
    pub brenier: Option<BrenierField>,
    /// D = K: whether the determinant changes its sign over the plane, which means that the decoder folds.
    pub folds: Option<bool>,
    /// Mean over the pool's posterior means of ‖∂ natural/∂z_j‖²/σ² (Gaussian; without σ² for Bernoulli), `[K]`: the Fisher information
    /// about each dimension under a Gaussian likelihood.
    pub information_per_dimension: Vec<f32>,
}

/// Curvatures of a Brenier decoder's potentials over the same points.
#[derive(Clone, Debug, PartialEq)]
pub struct BrenierField {
    /// λ_min of the Hessian of g1's potential.
    pub smallest_latent: Arc<Vec<f32>>,
    /// λ_min of the Hessian of g2's potential at the image of each point; left out above 64 data dimensions.
    pub smallest_output: Option<Arc<Vec<f32>>>,
    /// m², certified: σ_min of the Jacobian is nowhere smaller.
    pub floor: f32,
}
