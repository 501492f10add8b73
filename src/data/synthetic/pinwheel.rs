//! The pinwheel: five bent arms around the origin of the plane, and the same on a plane of six-dimensional space.
//!
//! The generator of Wang, Blei and Cunningham's LIDVAE with its arguments (0.3, 0.05, 5, 0.25), scaled by 1/10: every axis has a standard
//! deviation of 0.738.

use std::f64::consts::TAU;

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Bent arms, which are the classes.
pub(super) const ARMS: usize = 5;
/// Dimensions that [`Plane`] spans its plane in.
pub(super) const AMBIENT: usize = 6;

const RADIAL_DEVIATION: f64 = 0.3;
const TANGENTIAL_DEVIATION: f64 = 0.05;
const RATE: f64 = 0.25;

/// Larger than in the plane, so that the noise off the plane is small beside it.
const EMBEDDED_SCALE: f64 = 1.5;
const EMBEDDED_NOISE: f64 = 0.1;

/// One labelled point.
pub(super) type Point = (u32, [f64; 2]);

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}

/// Draws `count` points in random order, equally many of every arm up to one.
pub(super) fn draw(count: usize, rng: &mut ChaCha8Rng) -> Vec<Point> {
    let mut points: Vec<Point> =
        (0..count).map(|index| (index % ARMS) as u32).map(|arm| (arm, draw_on(arm, rng))).collect();
    points.shuffle(rng);
    points
}

fn draw_on(arm: u32, rng: &mut ChaCha8Rng) -> [f64; 2] {
    let along = 1.0 + RADIAL_DEVIATION * normal(rng);
    let across = TANGENTIAL_DEVIATION * normal(rng);
    let angle = TAU * f64::from(arm) / ARMS as f64 + RATE * along.exp();
    let (sin, cos) = angle.sin_cos();
    [along * cos + across * sin, -along * sin + across * cos]
}

/// Two orthonormal directions in six-dimensional space.
pub(super) struct Plane([[f64; AMBIENT]; 2]);

impl Plane {
    /// A plane of uniformly random orientation.
    pub fn random(rng: &mut ChaCha8Rng) -> Self {
        let unit = |direction: [f64; AMBIENT]| {
            let length = dot(&direction, &direction).sqrt();
            direction.map(|value| value / length)
        };
        let first = unit(std::array::from_fn(|_| normal(rng)));
        let second: [f64; AMBIENT] = std::array::from_fn(|_| normal(rng));
        let along = dot(&first, &second);
        let second = unit(std::array::from_fn(|axis| second[axis] - along * first[axis]));
        Self([first, second])
    }

    /// The point on the plane, with noise in all directions.
    pub fn embed(&self, [u, v]: [f64; 2], rng: &mut ChaCha8Rng) -> [f64; AMBIENT] {
        let [first, second] = &self.0;
        std::array::from_fn(|axis| EMBEDDED_SCALE * (u * first[axis] + v * second[axis]) + EMBEDDED_NOISE * normal(rng))
    }
}

fn dot(a: &[f64; AMBIENT], b: &[f64; AMBIENT]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
