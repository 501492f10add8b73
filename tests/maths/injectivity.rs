//! How far decoders are from flat: Jacobians against products of Hessians, linear models against their singular values.

use crate::linear::{Linear, pool, scaled, settings};
use crate::{assert_close, matrix, normals};
use burn::tensor::{Device, Tensor};
use collapsar::measure::{BrenierGiven, EvaluationPool, InjectivityField, injectivity_field};
use collapsar::model::{BrenierDecoder, DiagonalGaussian, LatentModel};
use nalgebra::DMatrix;

fn field<M: LatentModel>(
    model: &M,
    brenier: Option<&BrenierDecoder>,
    sigma: Option<f32>,
    pool: &EvaluationPool,
    dimensions: [usize; 2],
) -> InjectivityField {
    let posteriors = pool.posteriors(model).unwrap();
    let brenier = brenier.map(|decoder| BrenierGiven { decoder, condition: None });
    injectivity_field(model, brenier, sigma, pool, &posteriors, dimensions, 1, &Device::flex()).unwrap()
}

/// Places of a field's points, `[x, y]`.
fn place(field: &InjectivityField, index: usize) -> [f32; 2] {
    let along = |position: usize| field.reach * (2.0 * position as f32 / (field.side - 1) as f32 - 1.0);
    [along(index % field.side), along(index / field.side)]
}

#[test]
fn the_jacobian_of_a_brenier_decoder_is_the_product_of_its_hessians() {
    // J = H2(βᵀ g1(z)) βᵀ H1(z), with β the first K unit vectors.
    for (preset, latent, scale) in
        [("collapse-2d", 2, 1.0), ("collapse-2d", 2, 2.0), ("surplus-dimensions", 3, 1.0), ("collapse-2d", 1, 1.5)]
    {
        let latent_dimensions = format!("model.latent_dimensions={latent}");
        let own = [&*latent_dimensions, "data.examples=100", "model.projection=identity", "model.hidden=[12, 12]"];
        let (settings, data) = settings(preset, &own);
        let model = scaled(&settings, &data, scale);
        let pool = EvaluationPool::new(&data, settings.model.likelihood, 1, &Device::flex());
        let decoder = model.brenier().unwrap();
        let dimensions = [0, latent - 1];
        let field = field(&model, Some(decoder), Some(1.0), &pool, dimensions);
        let brenier = field.brenier.as_ref().unwrap();
        let (g1, g2) =
            (decoder.latent_map().potential_weights().unwrap(), decoder.output_map().potential_weights().unwrap());
        let center = pool.posteriors(&model).unwrap().mean(1).to_vec();
        let count = field.smallest_singular.len();
        assert_eq!(count, if latent == 1 { field.side } else { field.side * field.side });
        for index in (0..count).step_by(37) {
            let mut z = center.clone();
            let at = place(&field, index);
            if latent > 1 {
                z[dimensions[1]] = at[1];
            }
            z[dimensions[0]] = at[0];
            let argument: Vec<f32> =
                decoder.output_map_argument(matrix(1, latent, &z), None).into_data().try_to_vec().unwrap();
            let (h1, h2) = (g1.hessian(&z), g2.hessian(&argument));
            let jacobian = h2.columns(0, latent) * &h1;
            let smallest = jacobian.clone().singular_values().min();
            assert_close(f64::from(field.smallest_singular[index]), smallest, 2e-3, "σ_min");
            assert_close(
                f64::from(brenier.smallest_latent[index]),
                h1.symmetric_eigenvalues().min(),
                1e-5,
                "λ_min of H1",
            );
            let output = brenier.smallest_output.as_ref().unwrap()[index];
            assert_close(f64::from(output), h2.symmetric_eigenvalues().min(), 1e-4, "λ_min of H2");
            assert!(smallest >= f64::from(brenier.floor) - 1e-9, "certified");
        }
        assert_eq!(field.folds, (latent == data.dimensions()).then_some(false), "injective maps do not fold");
    }
}

#[test]
fn a_linear_decoder_has_the_same_jacobian_everywhere() {
    for (latent, weights) in [
        (1, vec![0.8, 0.3, 0.0]),
        (2, vec![1.2, 0.4, -0.3, 0.6, 0.5, 0.1]),
        (3, normals(3, 12).iter().map(|&x| f64::from(x)).collect()),
    ] {
        let model = Linear::new(latent, &weights, 0.5);
        let dimensions = weights.len() / latent;
        let pool = pool(dimensions, normals(7, 20 * dimensions));
        let field = field(&model, None, Some(0.5), &pool, [latent - 1, 0]);
        let smallest = model.ppca.weights.clone().singular_values().min();
        for &value in field.smallest_singular.iter() {
            assert_close(f64::from(value), smallest, 1e-4, "σ_min");
        }
        assert!(field.brenier.is_none() && field.folds.is_none());
        for (dimension, &information) in field.information_per_dimension.iter().enumerate() {
            let expected = model.ppca.weights.column(dimension).norm_squared() / 0.25;
            assert_close(f64::from(information), expected, 1e-3, "Fisher information");
        }
    }
}

/// (z₁, z₂) ↦ (a z₁² + b z₁, z₂): folds along z₁ = −b/2a.
struct Parabola {
    a: f64,
    b: f64,
}

impl LatentModel for Parabola {
    fn latent_dimensions(&self) -> usize {
        2
    }

    fn encode(&self, x: Tensor<2>) -> DiagonalGaussian {
        DiagonalGaussian { mean: x.zeros_like(), log_variance: x.zeros_like() }
    }

    fn decode(&self, z: Tensor<2>) -> Tensor<2> {
        let first = z.clone().narrow(1, 0, 1);
        let bent = first.clone().powi_scalar(2).mul_scalar(self.a) + first.mul_scalar(self.b);
        Tensor::cat(vec![bent, z.narrow(1, 1, 1)], 1)
    }

    fn mean_output(&self, natural: Tensor<2>) -> Tensor<2> {
        natural
    }

    fn log_likelihood(&self, x: Tensor<2>, natural: Tensor<2>) -> Tensor<1> {
        (x - natural).powi_scalar(2).sum_dim(1).neg().squeeze_dim(1)
    }

    fn log_prior(&self, z: Tensor<2>) -> Tensor<1> {
        z.powi_scalar(2).sum_dim(1).neg().squeeze_dim(1)
    }
}

#[test]
fn a_decoder_that_folds_is_seen_and_one_that_does_not_is_not() {
    let pool = pool(2, normals(7, 40));
    for (a, b, folds) in [(0.5, 0.3, true), (0.1, 1.0, false), (0.0, 1.0, false), (0.0, -1.0, false), (0.0, 0.0, false)]
    {
        let field = field(&Parabola { a, b }, None, None, &pool, [0, 1]);
        assert_eq!(field.folds, Some(folds), "{a} z² + {b} z");
        for index in (0..field.smallest_singular.len()).step_by(29) {
            // The Jacobian is diag(2a z₁ + b, 1).
            let slope = (2.0 * a * f64::from(place(&field, index)[0]) + b).abs();
            assert_close(f64::from(field.smallest_singular[index]), slope.min(1.0), 1e-4, "σ_min");
        }
        // Without σ for a likelihood that has none.
        assert_close(f64::from(field.information_per_dimension[1]), 1.0, 1e-4, "information");
    }
}

#[test]
fn fields_of_images_are_coarse_and_without_their_largest_hessians() {
    let weights = DMatrix::from_fn(784, 4, |i, j| f64::from(i as u32 % 7 + j as u32) / 20.0);
    let model = Linear { ppca: collapsar::exact::Ppca::new(weights.clone(), 1.0).unwrap(), encoder_mean: vec![0.0; 4] };
    let pool = pool(784, normals(7, 784 * 20));
    let field = field(&model, None, Some(1.0), &pool, [1, 3]);
    assert!((5..=25).contains(&field.side), "{}", field.side);
    assert_eq!(field.information_per_dimension.len(), 4);
}
