//! Sweeps: axes, order, cells, folders, boundaries. Numbers of cells are compared with the same runs trained one by one.

use super::{dataset, preset, trained};
use collapsar::device::TrainingDevice;
use collapsar::experiment::Experiment;
use collapsar::sweep::{
    Axis, CELLS, Cell, Comparison, Expected, LevelTheory, Line, Outcome, PhaseDiagram, SWEEP, Spacing, Sweep,
    SweepError, SweepFolder, csv, lines_of, near_ties,
};
use collapsar::train::{Learner, StepOutcome};
use std::sync::Arc;
use std::time::Duration;

fn axis(text: &str) -> Axis {
    text.parse().unwrap()
}

fn refused(text: &str) -> String {
    let error = text.parse::<Axis>().unwrap_err().to_string();
    assert_eq!(error.lines().count(), 1, "{error}");
    error
}

/// Cells of a moment.
fn small() -> Experiment {
    let mut experiment = preset("collapse-2d");
    for setting in ["data.examples=200", "model.hidden=[4]", "optimizer.batch_size=16", "steps=12"] {
        experiment.assign(setting).unwrap();
    }
    experiment
}

fn sweep() -> Sweep {
    Sweep::new(&small(), Some("standard"), axis("objective.beta=0.25..4:3:log"), axis("model.sigma=0.5,1")).unwrap()
}

fn diagram(sweep: Sweep) -> PhaseDiagram {
    PhaseDiagram::new(sweep, Arc::new(|| {}))
}

/// Polls until the threads have ended. The limit only turns a hang into a failure.
fn finish(diagram: &mut PhaseDiagram) {
    for _ in 0..60_000 {
        if !diagram.is_running() {
            return;
        }
        diagram.wait(Duration::from_millis(10));
    }
    panic!("the sweep never ended");
}

fn complete(sweep: Sweep, threads: usize) -> PhaseDiagram {
    let mut diagram = diagram(sweep);
    diagram.start(threads).unwrap();
    finish(&mut diagram);
    assert!(diagram.is_complete());
    diagram
}

/// What no clock has touched.
fn outcomes(diagram: &PhaseDiagram) -> Vec<Option<Outcome>> {
    diagram.cells().iter().map(|cell| cell.as_ref().map(|cell| cell.outcome.clone())).collect()
}

#[test]
fn axes_are_read_in_three_ways() {
    assert_eq!(axis("objective.beta=0..1:11").values[3], 0.3, "no remainder of binary fractions");
    let factors = axis("objective.beta=0.25..8:6:log");
    assert_eq!(factors.values, [0.25, 0.5, 1.0, 2.0, 4.0, 8.0]);
    assert_eq!(factors.spacing, Spacing::Logarithmic);
    assert_eq!(axis(" model.sigma = 0.5, 1 ,3 ").values, [0.5, 1.0, 3.0]);
    assert_eq!(axis("model.sigma=0.5,1,3").key, "model.sigma");
    let whole = axis("model.latent_dimensions=1..6:6");
    assert_eq!((whole.values.len(), whole.spacing), (6, Spacing::Whole));
    for key in ["objective.top_beta", "model.convexity", "model.encoder_variance", "data.correlation", "seed"] {
        assert_eq!(axis(&format!("{key}=1,2")).len(), 2);
    }
}

#[test]
fn what_is_no_axis_is_one_sentence() {
    assert!(refused("objective.beta").contains("no `=`"));
    assert!(refused("objective.beta=1..2").contains("number of values is missing"));
    assert!(refused("objective.beta=1..2:x").contains("`x` is not a whole number"));
    assert!(refused("objective.beta=1..2:1").contains("between 2 and"));
    assert!(refused("objective.beta=1..2:100000").contains("between 2 and"));
    assert!(refused("objective.beta=2..1:3").contains("below the second"));
    assert!(refused("objective.beta=0..1:3:log").contains("above 0"));
    assert!(refused("objective.beta=1..2:3:ln").contains("`ln` is not `log`"));
    assert!(refused("objective.beta=1,1").contains("rise"));
    assert!(refused("objective.beta=1,,2").contains("`` is not a number"));
    assert!(refused("objective.beta=1,inf").contains("finite"));
    assert!(refused("objective.betta=1,2").contains("nearest known one is `objective.beta`"));
    assert!(refused("model.latent_dimensions=1..6:4").contains("whole numbers"));
    for word in ["model.decoder", "data.source", "data.label", "model.hidden", "data.spectrum"] {
        assert!(refused(&format!("{word}=1,2")).contains("not a setting that takes numbers"), "{word}");
    }
}

#[test]
fn places_between_cells_have_values() {
    let linear = axis("objective.beta=0..4:5");
    assert_eq!([-0.5, 0.0, 0.5, 3.25, 4.5].map(|place| linear.at(place)), [-0.5, 0.0, 0.5, 3.25, 4.5]);
    let factors = axis("objective.beta=1..16:5:log");
    for (place, value) in [(0.5, 2f64.sqrt()), (-0.5, 0.5f64.sqrt()), (4.5, 16.0 * 2f64.sqrt())] {
        assert!((factors.at(place) - value).abs() < 1e-12);
    }
    let whole = axis("model.latent_dimensions=1,2,4");
    assert_eq!([-0.5, 0.4, 0.6, 2.5].map(|place| whole.at(place)), [1.0, 1.0, 2.0, 4.0]);
    let listed = axis("model.sigma=1,2,6");
    assert_eq!([0.5, 1.5].map(|place| listed.at(place)), [1.5, 4.0]);
}

#[test]
fn a_sweep_that_cannot_be_is_refused_before_it_starts() {
    let refused = |x: &str, y: &str| Sweep::new(&small(), None, axis(x), axis(y)).unwrap_err();
    assert!(matches!(refused("model.sigma=1,2", "model.sigma=1,2"), SweepError::SameKey(_)));
    assert!(refused("model.sigma=0,2", "objective.beta=1,2").to_string().contains("model.sigma"));
    assert!(refused("model.sigma=1,2", "objective.beta=-1,1").to_string().contains("objective.beta"));
    let large = refused("model.sigma=1..2:200", "objective.beta=1..2:200");
    assert_eq!(large, SweepError::TooLarge(40_000));
    let unknown = Sweep::new(&small(), Some("typo"), axis("model.sigma=1,2"), axis("objective.beta=1,2"));
    assert!(unknown.unwrap_err().to_string().contains("`standard`, `brenier`"));
    let endless = Experiment { steps: 0, ..small() };
    let endless = Sweep::new(&endless, None, axis("model.sigma=1,2"), axis("objective.beta=1,2"));
    assert_eq!(endless, Err(SweepError::Endless));
}

#[test]
fn cells_are_experiments_of_one_variant() {
    let brenier =
        Sweep::new(&small(), Some("brenier"), axis("objective.beta=1,2"), axis("model.convexity=0,0.5")).unwrap();
    let cell = brenier.cell(1, 1).unwrap();
    let run = cell.runs().unwrap().remove(0);
    assert_eq!((run.objective.beta, run.model.convexity), (2.0, 0.5));
    assert_eq!(run.model.decoder.key(), "brenier");
    assert!(cell.variants.is_empty());
    assert_eq!(brenier.place(brenier.index(1, 0)), (1, 0));
}

#[test]
fn the_order_covers_the_grid_once_and_coarsely_first() {
    let sweep = Sweep::new(&small(), None, axis("objective.beta=1..8:8"), axis("model.sigma=1..5:5")).unwrap();
    let order = sweep.order();
    let mut sorted = order.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..40).collect::<Vec<_>>());
    // By the first four cells each quarter of the grid of eight has one.
    let mut quarters: Vec<_> =
        order[..4].iter().map(|index| sweep.place(*index)).map(|(x, y)| (x / 4, y / 4)).collect();
    quarters.sort_unstable();
    assert_eq!(quarters, [(0, 0), (0, 1), (1, 0), (1, 1)]);
}

#[test]
fn a_cell_equals_the_same_run_trained_alone() {
    let sweep = sweep();
    let diagram = complete(sweep.clone(), 2);
    for index in 0..sweep.len() {
        let (x, y) = sweep.place(index);
        let experiment = sweep.cell(x, y).unwrap();
        let settings = experiment.runs().unwrap().remove(0);
        let mut learner = Learner::new(settings, dataset(&experiment), &TrainingDevice::cpu());
        for _ in 0..12 {
            assert!(matches!(learner.step().unwrap(), StepOutcome::Taken(_)));
        }
        let alone = learner.measure().unwrap();
        let Some(measures) = diagram.cells()[index].as_ref().and_then(Cell::measures) else { panic!("{index} failed") };
        assert_eq!(measures.kl_per_dimension, alone.kl_per_dimension);
        assert_eq!((measures.kl, measures.negative_elbo), (alone.kl, alone.negative_elbo));
        assert_eq!(measures.active, [alone.active_units]);
    }
    // And through a session, as it would be opened in the window.
    let mut session = trained(&sweep.cell(2, 1).unwrap());
    let opened = &session.summarize().unwrap()[0].measures;
    let cell = diagram.cells()[sweep.index(2, 1)].as_ref().unwrap().measures().unwrap();
    assert_eq!((cell.kl, cell.negative_elbo), (opened.kl, opened.negative_elbo));
}

#[test]
fn threads_make_no_difference() {
    assert_eq!(outcomes(&complete(sweep(), 1)), outcomes(&complete(sweep(), 3)));
}

#[test]
fn a_sweep_stopped_and_resumed_has_the_same_table() {
    let whole = complete(sweep(), 2);
    let mut stopped = diagram(sweep());
    stopped.start(1).unwrap();
    while stopped.finished() < 2 {
        stopped.wait(Duration::from_millis(10));
    }
    stopped.cancel();
    finish(&mut stopped);
    let kept = stopped.finished();
    assert!((2..6).contains(&kept) || kept == 6);
    stopped.start(2).unwrap();
    finish(&mut stopped);
    assert_eq!(outcomes(&stopped), outcomes(&whole));
}

#[test]
fn a_folder_keeps_what_is_trained() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sweep");
    let whole = complete(sweep(), 2);
    let mut files = SweepFolder::create(&path, &sweep()).unwrap();
    for index in [4, 1] {
        files.add(&sweep(), index, whole.cells()[index].as_ref().unwrap()).unwrap();
    }
    drop(files);
    assert!(matches!(SweepFolder::create(&path, &sweep()), Err(SweepError::Occupied(_))));
    assert_eq!(SweepFolder::sweep(&path).unwrap(), sweep());

    // A row that was being written when the machine went down.
    let file = path.join(CELLS);
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{text}0.25,0.5,fini")).unwrap();
    let (mut files, cells) = SweepFolder::resume(&path, &sweep()).unwrap();
    for (index, cell) in cells.iter().enumerate() {
        assert_eq!(cell.is_some(), [4, 1].contains(&index));
        assert!(cell.is_none() || *cell == whole.cells()[index], "read back to the last bit");
    }
    let mut resumed = PhaseDiagram::with_cells(sweep(), cells, Arc::new(|| {}));
    resumed.start(2).unwrap();
    while resumed.is_running() {
        for index in resumed.wait(Duration::from_millis(10)) {
            files.add(&sweep(), index, resumed.cells()[index].as_ref().unwrap()).unwrap();
        }
    }
    assert_eq!(outcomes(&resumed), outcomes(&whole));
    let (_, cells) = SweepFolder::resume(&path, &sweep()).unwrap();
    assert_eq!(cells, resumed.cells());
    let mut lines: Vec<String> = std::fs::read_to_string(&file).unwrap().lines().map(str::to_owned).collect();
    let mut expected: Vec<String> = csv(&resumed).lines().map(str::to_owned).collect();
    lines.sort();
    expected.sort();
    assert_eq!(lines, expected, "the exported table is the folder's");
}

#[test]
fn a_folder_of_another_sweep_or_a_damaged_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    SweepFolder::create(path, &sweep()).unwrap();
    let other = |x: &str| Sweep::new(&small(), Some("standard"), axis(x), axis("model.sigma=0.5,1")).unwrap();
    let refused = |sweep: &Sweep| SweepFolder::resume(path, sweep).unwrap_err().to_string();
    assert!(refused(&other("objective.beta=0.25..4:4:log")).contains("other values of `objective.beta`"));
    assert!(refused(&other("optimizer.learning_rate=0.1,0.2")).contains("is `objective.beta`"));
    let longer = Experiment { steps: 13, ..small() };
    let longer = Sweep::new(&longer, Some("standard"), sweep().x().clone(), sweep().y().clone()).unwrap();
    assert!(refused(&longer).contains("experiment has other settings"));

    let cells = path.join(CELLS);
    let header = std::fs::read_to_string(&cells).unwrap();
    for (row, reason) in [
        ("0.26,0.5,diverged,,,,,,1,", "objective.beta = 0.26 is no value"),
        ("0.25,0.5,done,,,,,,1,", "none of finished, diverged and failed"),
        ("0.25,0.5", "2 fields instead of 10"),
        ("0.25,0.5,finished,x,,1,1,,1,", "`x` is not a number"),
    ] {
        std::fs::write(&cells, format!("{header}{row}\n")).unwrap();
        let error = refused(&sweep());
        assert!(error.contains("cells.csv, line 2") && error.contains(reason), "{error}");
    }
    std::fs::write(&cells, "a,b\n").unwrap();
    assert!(refused(&sweep()).contains("line 1"));
    std::fs::write(path.join(SWEEP), "x = 3\n").unwrap();
    assert!(refused(&sweep()).contains("sweep.toml, line 1"));
    assert!(SweepFolder::sweep(&path.join("none")).unwrap_err().to_string().contains("could not be read"));
}

#[test]
fn a_cell_that_fails_does_not_stop_the_others() {
    // A Brenier decoder needs D ≥ K, and the data have two dimensions.
    let sweep =
        Sweep::new(&small(), Some("brenier"), axis("model.latent_dimensions=1,2,3"), axis("objective.beta=1,2"))
            .unwrap();
    let diagram = complete(sweep, 2);
    for (index, cell) in diagram.cells().iter().enumerate() {
        match &cell.as_ref().unwrap().outcome {
            Outcome::Failed(reason) => {
                assert_eq!(diagram.sweep().place(index).0, 2);
                assert!(reason.contains("D ≥ K"), "{reason}");
            }
            Outcome::Finished(measures) => assert_eq!(measures.kl_per_dimension.len(), index % 3 + 1),
            Outcome::Diverged => panic!("{index} diverged"),
        }
    }
    // A failed cell is tried again, the others are kept.
    let folder = tempfile::tempdir().unwrap();
    let mut files = SweepFolder::create(folder.path(), diagram.sweep()).unwrap();
    for (index, cell) in diagram.cells().iter().enumerate() {
        files.add(diagram.sweep(), index, cell.as_ref().unwrap()).unwrap();
    }
    let (_, cells) = SweepFolder::resume(folder.path(), diagram.sweep()).unwrap();
    assert_eq!(cells.iter().flatten().count(), 4);
}

#[test]
fn a_cell_that_diverges_is_said_to() {
    let sweep =
        Sweep::new(&small(), None, axis("optimizer.learning_rate=0.001,1e30"), axis("objective.beta=1,2")).unwrap();
    let diagram = complete(sweep, 2);
    for (index, cell) in diagram.cells().iter().enumerate() {
        let has_diverged = cell.as_ref().unwrap().outcome == Outcome::Diverged;
        assert_eq!(has_diverged, index % 2 == 1, "{index}");
    }
}

#[test]
fn the_line_of_a_known_function_is_where_it_is() {
    // Two or more to the right of x + y = 3.3, three to the right of x + y = 5.3.
    let count = |x: f64, y: f64| Some(1 + usize::from(x + y >= 3.3) + usize::from(x + y >= 5.3));
    let lines = lines_of([5, 4], count);
    assert_eq!(lines.iter().map(|line| line.count).collect::<Vec<_>>(), [2, 3]);
    for (line, at) in lines.iter().zip([3.3, 5.3]) {
        assert!(!line.segments.is_empty());
        for [x, y] in line.segments.iter().flatten() {
            assert!((x + y - at).abs() < 0.02, "{x} + {y}");
        }
        // The pieces make one line from border to border: its length in x is known.
        let across: f64 = line.segments.iter().map(|[a, b]| (a[0] - b[0]).abs()).sum();
        let ends = [(at - 3.5_f64).max(-0.5), (at + 0.5_f64).min(4.5)];
        assert!((across - (ends[1] - ends[0])).abs() < 0.05, "{across}");
    }
    let is_near = near_ties([5, 4], [false, false], &count);
    for (index, is_near) in is_near.into_iter().enumerate() {
        // x + y within a quarter of a cell lies within a half of the sum at its middle.
        let middle = (index % 5 + index / 5) as f64;
        let expected = [3.3, 5.3].into_iter().any(|at: f64| (at - middle).abs() < 0.5);
        assert_eq!(is_near, expected, "{index}");
    }
    // Along whole numbers there is nothing between the cells: a quarter is left of x + y.
    let is_near = near_ties([5, 4], [true, false], count);
    assert!(is_near.iter().all(|is_near| !is_near), "4 + 0.25 and 3 + 0.25 lie on the same sides as 4 and 3");
}

#[test]
fn whole_numbers_change_at_the_edges_of_cells() {
    let count = |x: f64, _: f64| Some((x.round().max(0.0) as usize).min(3));
    let lines = lines_of([4, 3], count);
    assert!(near_ties([4, 3], [true, false], count).iter().all(|is_near| !is_near));
    for Line { count, segments } in &lines {
        assert!(segments.iter().flatten().all(|[x, _]| (x - (*count as f64 - 0.5)).abs() < 0.02));
    }
    assert_eq!(lines.len(), 3);
    // Where there is no number there is no line.
    assert!(lines_of([2, 2], |_, _| None).is_empty());
    assert_eq!(near_ties([2, 2], [false, false], |_, _| None::<usize>), [false; 4]);
    // Nor does a place without a value tip its neighbours.
    let right = |x: f64, _: f64| (x >= 0.9).then_some(1);
    assert_eq!(near_ties([2, 1], [false, false], right), [false; 2]);
}

#[test]
fn where_there_is_no_theory_the_reason_is_kept() {
    // Sixty-four binarised pixels and a Bernoulli likelihood have no closed form.
    let mut digits = preset("digits");
    for setting in ["model.hidden=[4]", "steps=2"] {
        digits.assign(setting).unwrap();
    }
    let sweep = Sweep::new(&digits, None, axis("objective.beta=1,2"), axis("model.latent_dimensions=1,2")).unwrap();
    let diagram = complete(sweep, 2);
    assert!(diagram.theory().unwrap().as_ref().is_err_and(|reason| !reason.is_empty()));
    assert!(diagram.cells().iter().flatten().all(|cell| cell.theory.is_none()));
    assert_eq!(diagram.comparison(0), Comparison::default());
}

/// β against σ for a linear model of six dimensions: λ > βσ² says what is active.
#[test]
fn theory_of_a_linear_sweep_is_that_of_every_cell() {
    let mut experiment = Experiment { steps: 1, ..Experiment::default() };
    for setting in [
        "data.source=linear-gaussian",
        "data.sampling=exact",
        "model.hidden=[]",
        "model.latent_dimensions=6",
        "optimizer.batch_size=12",
    ] {
        experiment.assign(setting).unwrap();
    }
    let spectrum = experiment.data.spectrum.clone();
    let sweep =
        Sweep::new(&experiment, None, axis("objective.beta=0.25..4:5:log"), axis("model.sigma=0.5..1.5:4")).unwrap();
    let diagram = complete(sweep, 2);
    let theory = diagram.theory().unwrap().as_ref().unwrap();
    let LevelTheory { lines, edges, is_boundary, expected: predicted } = &theory.levels[0];
    assert!(edges.is_empty(), "there is an optimum everywhere");
    let expected = |x: f64, y: f64| spectrum.iter().filter(|value| **value > x * y * y).count();
    let (x, y) = (diagram.sweep().x(), diagram.sweep().y());
    for index in 0..diagram.sweep().len() {
        let (at_x, at_y) = diagram.sweep().place(index);
        let count = expected(x.values[at_x], y.values[at_y]);
        assert_eq!(predicted[index], Expected::Active(count));
        assert_eq!(diagram.cells()[index].as_ref().unwrap().theory, Some(vec![Some(count)]));
        let corner = |dx: f64, dy: f64| expected(x.at(at_x as f64 + dx), y.at(at_y as f64 + dy));
        // βσ² rises along both axes, so that opposite corners are its extremes.
        let is_near = corner(-0.25, -0.25) != corner(0.25, 0.25);
        assert_eq!(is_boundary[index], is_near, "{index}");
    }
    for line in lines {
        let eigenvalue = spectrum[line.count - 1];
        for [place_x, place_y] in line.segments.iter().flatten() {
            let threshold = x.at(*place_x) * y.at(*place_y).powi(2);
            assert!((threshold / eigenvalue).ln().abs() < 0.05, "{threshold} is not {eigenvalue}");
        }
    }
}

/// With both encoder variances learned the loss of a hierarchical model is unbounded for β2 < β1, flat for β2 = β1, and z2 is dead for β2 > β1.
#[test]
fn cells_without_an_optimum_are_not_compared() {
    let mut experiment = preset("hierarchical-learned-variance");
    for setting in ["steps=1", "variants.learned.model.top_encoder_variance=learned"] {
        experiment.assign(setting).unwrap();
    }
    let axes = ["objective.beta", "objective.top_beta"].map(|key| axis(&format!("{key}=0.5..2:3:log")));
    let [x, y] = axes;
    let diagram = complete(Sweep::new(&experiment, Some("learned"), x, y).unwrap(), 2);
    let theory = diagram.theory().unwrap().as_ref().unwrap();
    for index in 0..9 {
        let (x, y) = diagram.sweep().place(index);
        let [lower, upper] = [0, 1].map(|level| diagram.expected(index, level).unwrap());
        let cell = diagram.cells()[index].as_ref().unwrap();
        match y.cmp(&x) {
            std::cmp::Ordering::Less => {
                assert!(matches!(lower, Expected::NoOptimum(_)));
                assert!(matches!(upper, Expected::NoOptimum(reason) if reason.contains("unbounded below")));
                assert_eq!(cell.theory, None);
            }
            std::cmp::Ordering::Equal => {
                // λ > β1σ² says what is active in z1, whatever its scale.
                assert!(matches!(lower, Expected::Active(_)));
                assert!(matches!(upper, Expected::NotDetermined(reason) if reason.contains("β1 = β2")));
                assert_eq!(cell.predicted(1), None);
            }
            std::cmp::Ordering::Greater => assert_eq!(*upper, Expected::Active(0)),
        }
        assert!(*upper == Expected::Active(0) || diagram.agrees(index, 1).is_none());
    }
    let comparison = diagram.comparison(1);
    assert_eq!((comparison.without_optimum, comparison.not_determined), (3, 3));
    assert_eq!(comparison.judged() + comparison.on_boundary, 3);
    assert!(!theory.levels[1].is_boundary.iter().any(|is_boundary| *is_boundary), "β2 = β1 is a whole cell away");
    // The optimum ends where β2 = β1: x = y in cells, too.
    let [edge] = &theory.levels[1].edges[..] else { panic!("one edge") };
    assert!(edge.segments.iter().flatten().all(|[x, y]| (x - y).abs() < 0.05));
    assert!(!edge.segments.is_empty());

    // What is not determined is kept in a folder.
    let folder = tempfile::tempdir().unwrap();
    let mut files = SweepFolder::create(folder.path(), diagram.sweep()).unwrap();
    for (index, cell) in diagram.cells().iter().enumerate() {
        files.add(diagram.sweep(), index, cell.as_ref().unwrap()).unwrap();
    }
    let (_, cells) = SweepFolder::resume(folder.path(), diagram.sweep()).unwrap();
    assert_eq!(cells, diagram.cells());
}
