//! Comparisons: methods, seeds, rows, folders, means. Rows are compared with the same runs trained one by one.

use super::{preset, trained};
use collapsar::compare::{
    Better, COMPARISON, CompareError, Comparison, ComparisonFolder, ComparisonTable, Estimate, Quantity, RECORD, ROWS,
    Row, RowMeasures, RowState, choices, csv, methods_named, methods_of, seeds_from,
};
use collapsar::experiment::Experiment;
use collapsar::experiment::remedies::REMEDIES;
use std::sync::Arc;
use std::time::Duration;

/// Rows of a moment.
fn small() -> Experiment {
    let mut experiment = preset("collapse-2d");
    for setting in ["data.examples=200", "model.hidden=[4]", "optimizer.batch_size=16", "steps=12"] {
        experiment.assign(setting).unwrap();
    }
    experiment
}

fn comparison(names: &str, seeds: &[u64]) -> Comparison {
    let methods = methods_named(&small(), names).unwrap();
    Comparison::new(&small(), methods, seeds.to_vec()).unwrap()
}

fn table(comparison: Comparison) -> ComparisonTable {
    ComparisonTable::new(comparison, Arc::new(|| {}))
}

/// Polls until the threads have ended. The limit only turns a hang into a failure.
fn finish(table: &mut ComparisonTable) {
    for _ in 0..60_000 {
        if !table.is_running() {
            return;
        }
        table.wait(Duration::from_millis(10));
    }
    panic!("the comparison never ended");
}

fn complete(comparison: Comparison, threads: usize) -> ComparisonTable {
    let mut table = table(comparison);
    table.start(threads).unwrap();
    finish(&mut table);
    assert!(table.is_complete());
    table
}

/// What no clock has touched.
fn timeless(rows: &[Option<Row>]) -> Vec<Option<Row>> {
    rows.iter().map(|row| row.clone().map(|row| Row { seconds: 0.0, ..row })).collect()
}

#[test]
fn a_row_equals_the_same_run_trained_alone() {
    let table = complete(comparison("standard,brenier,free-bits", &[3, 9]), 2);
    for (index, row) in table.rows().iter().enumerate() {
        let row = row.as_ref().unwrap();
        let (method, seed) = table.comparison().name(index);
        let experiment = table.comparison().row(index);
        assert_eq!(
            (experiment.seed, experiment.variants.len(), experiment.variants[0].name.as_str()),
            (seed, 1, method)
        );
        let alone = trained(&experiment).summarize().unwrap().swap_remove(0);
        assert_eq!(*row.measures.as_ref().unwrap(), RowMeasures::from(alone), "{method}, seed {seed}");
        assert_eq!((row.state, row.steps), (RowState::Finished, 12));
    }
    let elbo = |index: usize| table.rows()[index].as_ref().unwrap().measures.as_ref().unwrap().measures.negative_elbo;
    assert_ne!(elbo(0), elbo(1), "another seed is another run");
    assert_ne!(elbo(0), elbo(2), "another method is another run");
}

#[test]
fn a_variant_trained_beside_others_is_that_row() {
    let both = small();
    let table = complete(Comparison::new(&both, methods_of(&both).unwrap(), vec![both.seed]).unwrap(), 2);
    let beside = trained(&both).summarize().unwrap();
    for (row, beside) in table.rows().iter().zip(beside) {
        assert_eq!(*row.as_ref().unwrap().measures.as_ref().unwrap(), RowMeasures::from(beside));
    }
}

#[test]
fn threads_make_no_difference() {
    let of = |threads| timeless(complete(comparison("standard,beta-0.2", &[1, 2]), threads).rows());
    assert_eq!(of(1), of(3));
}

#[test]
fn means_and_deviations_are_those_of_a_pocket_calculator() {
    // 2, 4, 9: mean 5, squares 9 + 1 + 16 = 26, divided by 2.
    let Estimate { mean, sd, count } = Estimate::of([2.0, 4.0, 9.0]).unwrap();
    assert_eq!((mean, count), (5.0, 3));
    assert!((sd.unwrap() - 13f64.sqrt()).abs() < 1e-12);
    let single = Estimate::of([2.0, f64::NAN, f64::INFINITY]).unwrap();
    assert_eq!(single, Estimate { mean: 2.0, sd: None, count: 1 }, "what is not finite is left out");
    assert_eq!(Estimate::of([]), None);

    let table = complete(comparison("standard,brenier", &[3, 9, 4]), 2);
    let values: Vec<f64> = table.rows()[3..6]
        .iter()
        .map(|row| row.as_ref().unwrap().measures.as_ref().unwrap().importance_weighted_nll)
        .collect();
    let mean = (values[0] + values[1] + values[2]) / 3.0;
    let variance = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / 2.0;
    let estimate = table.estimate(1, Quantity::ImportanceWeightedNll).unwrap();
    assert!((estimate.mean - mean).abs() < 1e-12 && (estimate.sd.unwrap() - variance.sqrt()).abs() < 1e-12);
    // The best of two is the one with the lower or higher mean.
    for quantity in Quantity::ALL {
        let [first, second] = [0, 1].map(|method| table.estimate(method, quantity).map(|estimate| estimate.mean));
        let expected = match (quantity.better(), first, second) {
            (None, ..) => Vec::new(),
            (_, Some(a), Some(b)) if a == b => vec![0, 1],
            (Some(Better::Lower), Some(a), Some(b)) => vec![usize::from(b < a)],
            (Some(Better::Higher), Some(a), Some(b)) => vec![usize::from(b > a)],
            other => panic!("{other:?}"),
        };
        assert_eq!(table.best(quantity), expected, "{quantity:?}");
    }
}

#[test]
fn a_comparison_stopped_and_resumed_has_the_same_table() {
    let plan = || comparison("standard,beta-0.2,free-bits", &[1, 2]);
    let whole = complete(plan(), 2);
    let mut stopped = table(plan());
    stopped.start(1).unwrap();
    while stopped.finished() < 2 {
        stopped.wait(Duration::from_millis(10));
    }
    stopped.cancel();
    finish(&mut stopped);
    assert!(stopped.finished() >= 2);
    stopped.start(2).unwrap();
    finish(&mut stopped);
    assert_eq!(timeless(stopped.rows()), timeless(whole.rows()));
}

#[test]
fn a_folder_keeps_what_is_trained_to_the_last_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("comparison");
    let plan = comparison("standard,brenier", &[5, 6]);
    let whole = complete(plan.clone(), 2);
    let mut files = ComparisonFolder::create(&path, &plan).unwrap();
    for index in [3, 0] {
        files.add(index, whole.rows()[index].as_ref().unwrap()).unwrap();
    }
    // As if the process had died here.
    drop(files);
    assert!(matches!(ComparisonFolder::create(&path, &plan), Err(CompareError::Occupied(_))));
    assert_eq!(ComparisonFolder::comparison(&path).unwrap(), plan);
    let (mut files, rows) = ComparisonFolder::resume(&path, &plan).unwrap();
    for (index, row) in rows.iter().enumerate() {
        assert_eq!(row.is_some(), [3, 0].contains(&index));
        assert!(row.is_none() || *row == whole.rows()[index], "row {index} read back");
    }
    let mut resumed = ComparisonTable::with_rows(plan.clone(), rows, Arc::new(|| {}));
    resumed.start(2).unwrap();
    while resumed.is_running() {
        for index in resumed.wait(Duration::from_millis(10)) {
            files.add(index, resumed.rows()[index].as_ref().unwrap()).unwrap();
        }
    }
    assert_eq!(timeless(resumed.rows()), timeless(whole.rows()));
    assert_eq!(std::fs::read_to_string(path.join(ROWS)).unwrap(), csv(&resumed), "the exported table is the folder's");
}

#[test]
fn the_table_has_every_number_as_it_is() {
    let table = complete(comparison("standard,brenier", &[5, 6]), 2);
    let text = csv(&table);
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    assert_eq!(names[..4], ["method", "seed", "state", "steps"]);
    for (index, line) in lines.enumerate() {
        let fields: Vec<&str> = line.split(',').collect();
        assert_eq!(fields.len(), names.len());
        let field = |name: &str| fields[names.iter().position(|known| *known == name).unwrap()];
        let (method, seed) = table.comparison().name(index);
        assert_eq!((field("method"), field("seed").parse()), (method, Ok(seed)));
        let row = table.rows()[index].as_ref().unwrap();
        let measures = &row.measures.as_ref().unwrap().measures;
        assert_eq!(field("negative_elbo").parse(), Ok(f64::from(measures.negative_elbo)));
        assert_eq!(field("active_units").parse(), Ok(measures.active_units));
        let kl: Vec<f32> = field("kl_per_dimension").split(' ').map(|kl| kl.parse().unwrap()).collect();
        assert_eq!(kl, measures.kl_per_dimension);
        for quantity in Quantity::ALL {
            let value = field(quantity.key());
            assert_eq!(value.parse().ok(), quantity.of(row), "{quantity:?}");
        }
    }
}

#[test]
fn a_folder_of_another_comparison_or_a_damaged_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let plan = comparison("standard,brenier", &[5, 6]);
    ComparisonFolder::create(path, &plan).unwrap();
    let refused = |plan: &Comparison| ComparisonFolder::resume(path, plan).unwrap_err().to_string();
    assert!(refused(&comparison("standard", &[5, 6])).contains("its methods are standard, brenier"));
    assert!(refused(&comparison("standard,brenier", &[5])).contains("other seeds"));
    let longer = Experiment { steps: 13, ..small() };
    let longer = Comparison::new(&longer, methods_of(&longer).unwrap(), vec![5, 6]).unwrap();
    assert!(refused(&longer).contains("other settings"));
    let row = "[[rows]]\nmethod = \"other\"\nseed = 5\n[rows.row]\nstate = \"failed\"\nsteps = 0\nseconds = 0.0\n";
    std::fs::write(path.join(RECORD), row).unwrap();
    assert!(refused(&plan).contains("no row of `other` with seed 5"));
    std::fs::write(path.join(RECORD), "rows = 3\n").unwrap();
    assert!(refused(&plan).contains("rows.toml, line 1"));
    std::fs::write(path.join(COMPARISON), "seeds = 3\n").unwrap();
    assert!(refused(&plan).contains("comparison.toml, line 1"));
    assert!(ComparisonFolder::comparison(&path.join("none")).unwrap_err().to_string().contains("could not be read"));
}

#[test]
fn a_method_that_cannot_be_trained_is_a_row_with_a_sentence() {
    let mut experiment = small();
    // A Brenier decoder needs D ≥ K, and the data have two dimensions.
    experiment.assign("model.latent_dimensions=3").unwrap();
    experiment.assign("variants.standard.optimizer.learning_rate=1e30").unwrap();
    let methods = methods_named(&experiment, "beta-0.2,brenier,standard").unwrap();
    let table = complete(Comparison::new(&experiment, methods, vec![1]).unwrap(), 2);
    let states: Vec<RowState> = table.rows().iter().flatten().map(|row| row.state).collect();
    assert_eq!(states, [RowState::Finished, RowState::Failed, RowState::Diverged]);
    let problem = table.rows()[1].as_ref().unwrap().problem.as_ref().unwrap();
    assert!(problem.contains("D ≥ K") && problem.lines().count() == 1, "{problem}");
    assert_eq!(table.estimate(1, Quantity::NegativeElbo), None);
    assert_eq!(table.estimate(2, Quantity::NegativeElbo), None, "a diverged run is in no mean");
    assert_eq!(table.common_failure(), None);
    assert!(!csv(&table).contains("NaN"));
    // A failed row is tried again, the others are kept.
    let folder = tempfile::tempdir().unwrap();
    let mut files = ComparisonFolder::create(folder.path(), table.comparison()).unwrap();
    for (index, row) in table.rows().iter().enumerate() {
        files.add(index, row.as_ref().unwrap()).unwrap();
    }
    let (_, rows) = ComparisonFolder::resume(folder.path(), table.comparison()).unwrap();
    assert_eq!(rows.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(rows[2], table.rows()[2]);
}

#[test]
fn methods_are_the_variants_and_then_the_catalogue() {
    let experiment = small();
    let own: Vec<String> = methods_of(&experiment).unwrap().into_iter().map(|method| method.name).collect();
    assert_eq!(own, ["standard", "brenier"]);
    let all = methods_named(&experiment, "all").unwrap();
    assert_eq!(all.len(), REMEDIES.len());
    assert_eq!(choices(&experiment).unwrap().len(), REMEDIES.len() + 2);
    let unknown = methods_named(&experiment, "vae,free-bit").unwrap_err().to_string();
    assert!(unknown.contains("`free-bit`") && unknown.contains("`free-bits`"), "{unknown}");
    let plain = Experiment { variants: Vec::new(), ..experiment.clone() };
    assert_eq!(methods_of(&plain).unwrap()[0].name, "standard");
    // A variant of the same name comes before the remedy.
    let mut named = experiment.clone();
    named.variants[0].name = "free-bits".to_owned();
    assert_eq!(methods_named(&named, "free-bits").unwrap()[0], named.variants[0]);
    // The stages of LiBI share the steps of a row.
    let libi = Comparison::new(&experiment, methods_named(&experiment, "libi").unwrap(), vec![1]).unwrap();
    let objective = libi.settings(0).unwrap().objective;
    assert_eq!((objective.libi.likelihood_steps, objective.libi.inference_steps), (6, 6));
}

#[test]
fn a_comparison_that_cannot_be_is_refused_before_it_starts() {
    let experiment = small();
    let of = |names: &str, seeds: Vec<u64>| {
        Comparison::new(&experiment, methods_named(&experiment, names).unwrap(), seeds).unwrap_err()
    };
    assert_eq!(of("vae,vae", vec![1]), CompareError::SameMethod("vae".to_owned()));
    assert!(of("vae", vec![1, 1]).to_string().contains("twice"));
    assert!(of("vae", Vec::new()).to_string().contains("at least one"));
    assert_eq!(of("vae", (0..5000).collect()), CompareError::TooLarge(5000));
    assert_eq!(Comparison::new(&experiment, Vec::new(), vec![1]), Err(CompareError::NoMethod));
    let endless = Experiment { steps: 0, ..small() };
    let methods = methods_of(&endless).unwrap();
    assert_eq!(Comparison::new(&endless, methods.clone(), vec![1]), Err(CompareError::Endless));
    let mut wrong = small();
    wrong.model.latent_dimensions = 0;
    assert!(Comparison::new(&wrong, methods, vec![1]).unwrap_err().to_string().contains("latent_dimensions"));
    assert_eq!(seeds_from("3", 7).unwrap(), [7, 8, 9]);
    assert_eq!(seeds_from("4, 2", 7).unwrap(), [4, 2]);
    for text in ["0", "x", "1,,2", "-1", "99999"] {
        assert!(seeds_from(text, 7).is_err(), "{text}");
    }
}

#[test]
fn the_order_covers_the_rows_once_and_one_seed_after_the_other() {
    let plan = comparison("standard,brenier,free-bits", &[5, 6]);
    assert_eq!(plan.order(), [0, 2, 4, 1, 3, 5]);
    assert_eq!((plan.place(3), plan.name(3)), ((1, 1), ("brenier", 6)));
}
