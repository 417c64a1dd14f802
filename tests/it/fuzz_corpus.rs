//! What the fuzzer has found, run again: each input of its corpora through the property of its target. (How the fuzzer is
//! run stands in `tests/fuzz/README.md`.)

#[path = "../fuzz/properties/lib.rs"]
mod properties;

use std::{fs, panic, path::Path};

#[test]
fn every_input_that_the_fuzzer_has_kept_holds() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    for (target, holds) in properties::ALL {
        let inputs: Vec<_> =
            fs::read_dir(corpora.join(target)).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(!inputs.is_empty(), "the corpus of {target} is gone");
        for input in inputs {
            let bytes = fs::read(&input).unwrap();
            assert!(panic::catch_unwind(|| holds(&bytes)).is_ok(), "{} does not hold", input.display());
        }
    }
}
