//! Code that does not compile, and the compiler's messages.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// `TRYBUILD=overwrite` rewrites the texts and the list.
#[test]
fn mistakes_say_their_cure_and_are_listed() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("cases/**/*.rs");
    cases.pass("pass/*.rs");
    // The cases run here.
    drop(cases);

    list_errors();
}

fn list_errors() {
    const START: &str = "<!-- texts of compile errors, written by the test -->\n";
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut list = String::new();
    for topic in sorted(&root.join("cases")) {
        writeln!(list, "\n`{}`\n", name(&topic)).unwrap();
        for case in sorted(&topic).iter().filter(|case| case.extension().is_some_and(|e| e == "rs"))
        {
            let texts = fs::read_to_string(case.with_extension("stderr")).unwrap();
            let errors = texts.lines().filter_map(|line| line.strip_prefix("error"));
            let mut errors: Vec<_> =
                errors.filter_map(|line| Some(line.split_once(": ")?.1)).collect();
            errors.dedup();
            assert!(!errors.is_empty(), "{} has no text", case.display());
            for error in errors {
                let error = error.strip_prefix("evaluation panicked: ").unwrap_or(error);
                writeln!(list, "- {}: {error}", name(&case.with_extension(""))).unwrap();
            }
        }
    }

    let path = root.join("ERRORS.md");
    let text = fs::read_to_string(&path).unwrap();
    let (before, written) = text.split_once(START).unwrap();
    if std::env::var_os("TRYBUILD").is_some_and(|mode| mode == "overwrite") {
        fs::write(&path, [before, START, &list].concat()).unwrap();
    } else {
        assert_eq!(written, list, "the list in ERRORS.md does not match the cases");
    }
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}
