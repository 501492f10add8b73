//! Wrong usage and bad files: one clear sentence, the right exit code, nothing on standard output.

use super::{TINY, fails, folder, object};
use std::path::Path;

/// The sentence of a `train` that fails.
fn train_fails(folder: &Path, own: &[&str], code: i32) -> String {
    fails(folder, &[&["train", "--steps", "2", "--json"], own, &TINY[..2]].concat(), code)
}

#[test]
fn wrong_settings_are_wrong_usage() {
    let folder = folder();
    let cases: [(&[&str], &[&str]); 9] = [
        (&["--preset", "colapse-2d"], &["colapse-2d", "collapse-2d", "fashion"]),
        (&["--set", "model.sigmma=1"], &["`model.sigmma`", "`model.sigma`"]),
        (&["--set", "variants.brenier.model.convexty=1"], &["`variants.brenier.model.convexity`"]),
        (&["--set", "variants.bernier.model.convexity=1"], &["`bernier`", "`standard`, `brenier`"]),
        (&["--set", "model.sigma"], &["KEY=VALUE"]),
        (&["--set", "model.sigma=-1"], &["`model.sigma`", "above 0"]),
        (&["--set", "model.sigma=thick"], &["`model.sigma`", "learned"]),
        (&["--set", "data.source=pinweel"], &["pinweel", "pinwheel"]),
        (&["--set", "variants.brenier.model.convexity=-0.5"], &["`model.convexity`", "0 or above"]),
    ];
    for (arguments, expected) in cases {
        let sentence = train_fails(folder.path(), arguments, 2);
        for words in expected {
            assert!(sentence.contains(words), "{words} is missing in: {sentence}");
        }
    }
    let sentence = fails(folder.path(), &["train", "--set", "steps=0"], 2);
    assert!(sentence.contains("--steps"), "{sentence}");
    let sentence = fails(folder.path(), &["picture", "--preset", "none", "--out", "a.png"], 2);
    assert!(sentence.contains("`none`"), "{sentence}");
}

#[test]
fn arguments_that_make_no_sense_are_wrong_usage() {
    let folder = folder();
    let cases: [&[&str]; 11] = [
        &["nonsense"],
        &["train", "--steps", "0"],
        &["train", "--steps", "many"],
        &["train", "--seed", "-1"],
        &["train", "--device", "abacus"],
        &["train", "--preset", "digits", "--experiment", "a.toml"],
        &["inspect"],
        &["picture", "--size", "9x9", "--out", "a.png"],
        &["picture", "--panel", "none", "--out", "a.png"],
        &["picture", "--preset", "ppca", "--panel", "curves", "--out", "a.png"],
        &["picture", "--preset", "ppca", "--set", "sigma=0", "--out", "a.png"],
    ];
    for arguments in cases {
        let output = super::collapsar(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_model_that_does_not_fit_its_data_says_what_to_change() {
    let folder = folder();
    let sentence = train_fails(folder.path(), &["--set", "model.latent_dimensions=3"], 1);
    assert!(sentence.contains("D ≥ K") && sentence.contains("model.latent_dimensions"), "{sentence}");
    let sentence = train_fails(folder.path(), &["--set", "model.likelihood=bernoulli"], 1);
    assert!(sentence.contains("between 0 and 1") && sentence.contains("gaussian"), "{sentence}");

    std::fs::write(folder.path().join("narrow.csv"), "a,b\n1,2\n3,4\n5,7\n7,7\n9,8\n").unwrap();
    let sentence = train_fails(folder.path(), &["--preset", "surplus-dimensions", "--data", "narrow.csv"], 1);
    assert!(sentence.contains("narrow.csv") && sentence.contains("D = 2"), "{sentence}");
}

#[test]
fn bad_data_files_are_one_sentence_with_the_place() {
    let folder = folder();
    let npy = |header: &str| {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes
    };
    let object_array = npy("{'descr': '|O', 'fortran_order': False, 'shape': (3, 2), }\n");
    // The header promises 1,000 images of 28 × 28, the file ends after 4 bytes.
    let promising = [0, 0, 8, 3, 0, 0, 3, 232, 0, 0, 0, 28, 0, 0, 0, 28, 1, 2, 3, 4];
    let cases: [(&str, &[u8], &[&str]); 8] = [
        ("promising-idx3-ubyte", &promising, &["promising-idx3-ubyte"]),
        ("cut-idx3-ubyte", &promising[..9], &["cut-idx3-ubyte"]),
        ("word.csv", b"a,b\n1,2\n3,four\n5,6\n", &["word.csv", "line 3", "four"]),
        ("ragged.csv", b"a,b\n1,2\n3,4,5\n", &["ragged.csv", "line 3"]),
        ("object.npy", &object_array, &["object.npy"]),
        ("empty.csv", b"", &["empty.csv", "empty"]),
        ("unknown.bin", b"\x00\x01\x02\x03 nothing known", &["unknown.bin"]),
        ("short.csv", b"a,b\n1,2\n", &["short.csv"]),
    ];
    for (name, content, expected) in cases {
        std::fs::write(folder.path().join(name), content).unwrap();
        let mut sentences = vec![train_fails(folder.path(), &["--data", name], 1)];
        if name != "short.csv" {
            // Too short to train on is fine to look at.
            sentences.push(fails(folder.path(), &["inspect", name, "--json"], 1));
        }
        for (sentence, words) in
            sentences.iter().flat_map(|sentence| expected.iter().map(move |words| (sentence, words)))
        {
            assert!(sentence.contains(words), "{words} is missing in: {sentence}");
        }
    }
    std::fs::create_dir(folder.path().join("no pictures")).unwrap();
    assert!(fails(folder.path(), &["open", "not there.csv"], 1).contains("not there.csv"));
    for name in ["no pictures", "not there.csv"] {
        assert!(train_fails(folder.path(), &["--data", name], 1).contains(name));
        assert!(fails(folder.path(), &["inspect", name], 1).contains(name));
    }
}

#[test]
fn missing_values_are_warned_of_and_then_refused() {
    let folder = folder();
    std::fs::write(folder.path().join("holes.csv"), "a,b\n1,2\n3,nan\n5,6\n7,inf\n").unwrap();
    let inspection = object(folder.path(), &["inspect", "holes.csv", "--json"]);
    assert!(!inspection["warnings"].as_array().unwrap().is_empty(), "{inspection}");
    let sentence = train_fails(folder.path(), &["--data", "holes.csv"], 1);
    assert!(sentence.contains("line 3, column 2"), "{sentence}");
}

#[test]
fn bad_experiment_files_are_named_with_their_line() {
    let folder = folder();
    let cases = [
        ("key.toml", "seed = 1\n[model]\nsigmma = 2\n", ["key.toml, line 3", "`model.sigma`"]),
        ("type.toml", "seed = 1\nsteps = \"many\"\n", ["type.toml, line 2", "steps"]),
        ("syntax.toml", "seed = \n", ["syntax.toml, line 1", "column"]),
    ];
    for (name, content, expected) in cases {
        std::fs::write(folder.path().join(name), content).unwrap();
        let sentence = train_fails(folder.path(), &["--experiment", name], 1);
        for words in &expected[..if name == "type.toml" { 1 } else { 2 }] {
            assert!(sentence.contains(words), "{words} is missing in: {sentence}");
        }
    }
    assert!(train_fails(folder.path(), &["--experiment", "none.toml"], 1).contains("none.toml"));
}

#[test]
fn a_saved_run_goes_on_only_as_itself() {
    let folder = folder();
    let train = [&["train", "--steps", "20", "--out", "run"], &TINY[..]].concat();
    super::succeeds(folder.path(), &train);
    let resume = |own: &[&str], code| fails(folder.path(), &[&["train", "--resume", "run"], own].concat(), code);
    assert!(resume(&["--set", "model.latent_dimensions=1"], 2).contains("--experiment"));
    assert!(resume(&["--steps", "10"], 2).contains("20 steps"));
    super::succeeds(
        folder.path(),
        &["train", "--resume", "run", "--steps", "30", "--set", "objective.beta=2", "--device", "cpu"],
    );

    let checkpoint = folder.path().join("run/checkpoint.collapsar");
    let whole = std::fs::read(&checkpoint).unwrap();
    std::fs::write(&checkpoint, &whole[..whole.len() / 2]).unwrap();
    assert!(resume(&[], 1).contains("damaged"));
    std::fs::remove_file(&checkpoint).unwrap();
    assert!(resume(&[], 1).contains("checkpoint.collapsar"));
}

#[test]
fn a_folder_that_cannot_be_written_is_found_before_training() {
    let folder = folder();
    std::fs::write(folder.path().join("taken"), "a file").unwrap();
    let sentence = train_fails(folder.path(), &["--out", "taken"], 1);
    assert!(sentence.contains("taken could not be written"), "{sentence}");
}
