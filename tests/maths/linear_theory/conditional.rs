//! The linear conditional VAE against its lower bound over full matrices.

use super::vae::{agrees, problem, some_model};
use super::{Draw, assert_all, assert_near, rows};
use collapsar::exact::linear::{Conditional, LinearError};
use nalgebra::DMatrix;

/// A covariance of (c, y) of rank `rank`.
fn joint(draw: &mut Draw, total: usize, rank: usize) -> DMatrix<f64> {
    let root = draw.matrix(total, rank);
    &root * root.transpose() / rank as f64
}

fn parts(joint: &DMatrix<f64>, conditions: usize) -> [Vec<Vec<f64>>; 3] {
    let outputs = joint.nrows() - conditions;
    let block = |at, size| rows(&joint.view(at, size).into_owned());
    [
        block((conditions, conditions), (outputs, outputs)),
        block((0, 0), (conditions, conditions)),
        block((conditions, 0), (outputs, conditions)),
    ]
}

fn conditional(joint: &DMatrix<f64>, conditions: usize) -> Conditional {
    let [output, condition, cross] = parts(joint, conditions);
    Conditional::of_rows(&output, &condition, &cross).unwrap()
}

#[test]
fn random_settings_are_solved() {
    let mut draw = Draw::new(11);
    for round in 0..12 {
        let (conditions, outputs) = (1 + draw.below(3), 2 + draw.below(2));
        let joint = joint(&mut draw, conditions + outputs, conditions + outputs + 2);
        let target = conditional(&joint, conditions).target();
        let latent = 1 + draw.below(outputs);
        let model = some_model(&mut draw, latent);
        let Ok(optimum) = model.optimum(&target) else { continue };
        agrees(&problem(&model, joint, conditions), &optimum, &mut draw, &format!("round {round}: {model:?}"));
    }
}

#[test]
fn a_condition_with_a_redundant_column_says_the_same() {
    let mut draw = Draw::new(12);
    let full = joint(&mut draw, 5, 8);
    // c = (c1, c2, c1 + c2, 0): a map of what there is.
    let mut map = DMatrix::zeros(7, 5);
    for (row, column) in [(0, 0), (1, 1), (2, 0), (2, 1), (4, 2), (5, 3), (6, 4)] {
        map[(row, column)] = 1.0;
    }
    let redundant = &map * &full * map.transpose();
    let (plain, redundant) = (conditional(&full, 2), conditional(&redundant, 4));
    assert_all(redundant.residual().eigenvalues(), plain.residual().eigenvalues(), 1e-12);
    assert_all(&redundant.canonical_correlations()[..2], plain.canonical_correlations(), 1e-10);
}

#[test]
fn what_a_condition_explains_leaves_nothing() {
    let mut draw = Draw::new(13);
    let cc = joint(&mut draw, 2, 5);
    let b = draw.matrix(3, 2);
    let output = &b * &cc * b.transpose();
    let solved = Conditional::of_rows(&rows(&output), &rows(&cc), &rows(&(&b * &cc))).unwrap();
    assert_eq!(solved.residual().eigenvalues(), &[0.0; 3]);
    assert_near((solved.regression() - &b).amax(), 0.0, 1e-10);
    assert_all(&solved.canonical_correlations()[..2], &[1.0, 1.0], 1e-10);
}

#[test]
fn covariances_that_do_not_belong_together_are_refused() {
    let solve = |output: &[&[f64]], condition: &[&[f64]], cross: &[&[f64]]| {
        let rows = |matrix: &[&[f64]]| matrix.iter().map(|row| row.to_vec()).collect::<Vec<_>>();
        Conditional::of_rows(&rows(output), &rows(condition), &rows(cross)).err()
    };
    let unit: &[&[f64]] = &[&[1.0, 0.0], &[0.0, 1.0]];
    assert_eq!(solve(unit, &[&[1.0]], &[&[1.1], &[0.0]]), Some(LinearError::Inconsistent));
    assert_eq!(solve(unit, &[&[1.0]], &[&[0.8], &[0.8]]), Some(LinearError::Inconsistent));
    assert_eq!(solve(unit, &[&[0.0]], &[&[0.1], &[0.0]]), Some(LinearError::Inconsistent));
    assert_eq!(solve(unit, &[&[1.0, 0.0], &[0.0, 0.0]], &[&[0.5, 0.1], &[0.0, 0.0]]), Some(LinearError::Inconsistent));
    assert_eq!(solve(unit, &[&[1.0]], &[&[1.0], &[0.0]]), None, "a correlation of 1 is one");
    let shape = LinearError::CrossShape { rows: 1, columns: 2, outputs: 2, conditions: 1 };
    assert_eq!(solve(unit, &[&[1.0]], &[&[0.5, 0.5]]), Some(shape));
    let shape = LinearError::CrossShape { rows: 2, columns: 2, outputs: 2, conditions: 1 };
    assert_eq!(solve(unit, &[&[1.0]], &[&[0.5, 0.5], &[0.5, 0.5]]), Some(shape));
}
