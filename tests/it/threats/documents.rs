//! SECURITY.md against the code: its rows, the lines that it names, and the tests under its
//! numbers.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The texts of all Rust files under a folder.
fn sources(folder: &Path) -> String {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let text = |path: PathBuf| match path.extension() {
        _ if path.is_dir() => sources(&path),
        Some(extension) if extension == "rs" => fs::read_to_string(path).unwrap(),
        _ => String::new(),
    };
    paths.map(text).collect()
}

/// The code lines under the entry of a threat in the list, each with its file.
fn named<'a>(text: &'a str, threat: &str) -> Vec<(&'a str, &'a str)> {
    let entry = text.lines().skip_while(|line| !line.starts_with(&format!("- **{threat}.**")));
    let entry = entry.skip(1).take_while(|line| line.starts_with("  "));
    let code = entry.filter_map(|line| line.strip_prefix("  - `")?.split_once("`: `"));
    code.map(|(file, code)| (file, code.strip_suffix('`').unwrap())).collect()
}

#[test]
fn every_threat_has_a_row_and_what_is_defended_has_tests_and_lines_of_code() {
    let text = fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let tests = sources(&root().join("tests")) + &sources(&root().join("envelope-runtime/src"));
    let mut rows = text.lines().filter(|line| line.starts_with("| T"));

    for number in 1..=33 {
        let row = rows.next().unwrap_or_default();
        let cells: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [name, _, verdict] = cells[..] else { panic!("not three cells: {row}") };
        assert_eq!(name, format!("T{number:02}"));

        let tested = tests.contains(&format!("fn t{number:02}_"));
        let named = named(&text, name);
        if verdict.starts_with("**Defended") {
            assert!(tested && !named.is_empty(), "{name} has no test or no line of code");
        } else {
            assert!(verdict == "**Limit.**" || verdict == "**Not applicable.**", "{row}");
        }
        for (file, code) in named {
            let source =
                fs::read_to_string(root().join("envelope-runtime/src").join(file)).unwrap();
            assert!(source.contains(code), "{name}: {file} has no {code}");
        }
    }
    assert_eq!(rows.next(), None);
}
