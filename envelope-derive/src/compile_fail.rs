//! The derive's own messages for each case of `tests/ui`, compared with what rustc printed there.
//! trybuild compares them too, but runs rustc for each case, which is too slow for mutation runs.
//! These tests call the derive and compile nothing.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::punctuated::Punctuated;
use syn::visit::Visit;
use syn::{Attribute, DeriveInput, LitStr, Token};

use crate::expand::generics::mentions;
use crate::model::Kind;
use crate::{derive, projection};

/// Cases whose structs come from a `macro_rules!`, which only rustc expands. `written/tests.rs`
/// shows that types from a macro are refused with the same texts as others.
const FROM_MACROS: [&str; 1] = ["types/from_macro"];

/// Beginnings of rustc's own errors that have no code, and so look like the derive's.
const OF_RUSTC: [&str; 1] = ["cannot find attribute `"];

/// An error and its place.
#[derive(PartialEq)]
struct Message {
    line: usize,
    column: usize,
    text: String,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.text)
    }
}

/// The derive's messages for a file.
#[derive(Default)]
struct Derived {
    messages: Vec<Message>,
    /// The number of derives in it.
    count: usize,
    /// A macro of the file derives it.
    in_macro: bool,
}

impl Derived {
    fn of(file: &Path) -> Self {
        let mut derived = Self::default();
        derived.visit_file(&syn::parse_file(&read(file)).unwrap());
        derived
    }

    fn run(&mut self, attributes: &[Attribute], input: impl FnOnce() -> DeriveInput) {
        let derives: Vec<_> = attributes.iter().flat_map(derives).collect();
        if derives.is_empty() {
            return;
        }
        let input = input();
        for derive in derives {
            let tokens = derive(&input);
            collect(&tokens, &mut self.messages);
            self.count += 1;
            let parsed: syn::Result<syn::File> = syn::parse2(tokens);
            assert!(parsed.is_ok(), "the expansion of `{}` is not Rust", input.ident);
        }
    }
}

impl<'ast> Visit<'ast> for Derived {
    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.run(&item.attrs, || item.clone().into());
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.run(&item.attrs, || item.clone().into());
    }

    fn visit_item_union(&mut self, item: &'ast syn::ItemUnion) {
        self.run(&item.attrs, || item.clone().into());
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        let names = DERIVES.map(|(name, _)| name.to_owned());
        let mentions = |names: &[String]| mentions(item.tokens.clone(), names);
        self.in_macro |= mentions(&["derive".to_owned()]) && mentions(&names);
    }
}

type Derive = fn(&DeriveInput) -> TokenStream;

const DERIVES: [(&str, Derive); 3] = [
    ("EnvelopeRecord", |input| derive(Kind::Record, input)),
    ("EnvelopeFields", |input| derive(Kind::Fields, input)),
    ("EnvelopeProjection", projection),
];

/// Our derives that a `#[derive(…)]` names, with or without a path.
fn derives(attribute: &Attribute) -> Vec<Derive> {
    if !attribute.path().is_ident("derive") {
        return Vec::new();
    }
    let paths = Punctuated::<syn::Path, Token![,]>::parse_terminated;
    let paths = attribute.parse_args_with(paths).unwrap();
    let named = paths.iter().filter_map(|path| path.segments.last());
    let derive = |ident| DERIVES.into_iter().find(|(name, _)| ident == name);
    named.filter_map(|segment| Some(derive(&segment.ident)?.1)).collect()
}

/// The errors in an expansion, each a `compile_error! { "…" }`.
fn collect(tokens: &TokenStream, messages: &mut Vec<Message>) {
    let mut tokens = tokens.clone().into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(ident) if ident == "compile_error" => {
                let Some(TokenTree::Group(text)) = tokens.nth(1) else { panic!("no text") };
                let text: LitStr = syn::parse2(text.stream()).unwrap();
                let start = ident.span().start();
                let text = text.value();
                messages.push(Message { line: start.line, column: start.column + 1, text });
            }
            TokenTree::Group(group) => collect(&group.stream(), messages),
            _ => {}
        }
    }
}

/// The derive's errors among those that rustc printed: those without a code.
fn printed(stderr: &str) -> Vec<Message> {
    let mut messages = Vec::new();
    let mut lines = stderr.lines();
    while let Some(line) = lines.next() {
        let Some(first) = line.strip_prefix("error: ") else { continue };
        let mut text = first.to_owned();
        let place = loop {
            let line = lines.next().expect("an error has a place").trim_start();
            if let Some(place) = line.strip_prefix("--> ") {
                break place;
            }
            text = format!("{text}\n{line}");
        };
        let mut place = place.rsplit(':').map(|number| number.parse().unwrap());
        let (column, line) = (place.next().unwrap(), place.next().unwrap());
        if !OF_RUSTC.iter().any(|start| text.starts_with(start)) {
            messages.push(Message { line, column, text });
        }
    }
    messages
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The Rust files of a folder of `tests/ui` and of its folders.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    assert!(!found.is_empty(), "no case in {}", folder.display());
    found
}

fn ui() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/ui")
}

fn is_from_macro(file: &Path) -> bool {
    FROM_MACROS.iter().any(|case| file.with_extension("").ends_with(case))
}

#[test]
fn each_case_has_the_derives_messages_at_their_places() {
    let cases = ui().join("cases");
    for file in files(&cases).into_iter().filter(|file| !is_from_macro(file)) {
        let case = file.strip_prefix(&cases).unwrap().display();
        let derived = Derived::of(&file);
        let expected = printed(&read(&file.with_extension("stderr")));

        assert!(!derived.in_macro, "{case}: a macro derives, and its expansion is not seen here");
        assert!(derived.count > 0 || expected.is_empty(), "{case}: no derive found");
        assert_eq!(derived.messages, expected, "{case}");
    }
}

#[test]
fn cases_that_are_left_out_are_there_and_derive_in_a_macro() {
    for case in FROM_MACROS {
        let file = ui().join("cases").join(case).with_extension("rs");
        assert!(Derived::of(&file).in_macro, "{case}: no derive in a macro");
    }
}

#[test]
fn what_compiles_has_no_message() {
    let mut count = 0;
    for file in files(&ui().join("pass")) {
        let derived = Derived::of(&file);
        assert_eq!(derived.messages, [], "{}", file.display());
        count += derived.count;
    }
    assert!(count > 0, "no derive found");
}

#[test]
fn an_error_of_several_lines_is_read_whole_and_those_with_a_code_are_not() {
    let messages = printed(
        "error: first\n       second\n --> cases/a/b.rs:3:14\n  |\n3 |     x\n  |     ^\n\n\
         error[E0277]: another\n --> cases/a/b.rs:4:5\n  |\n\n\
         error: cannot find attribute `x` in this scope\n --> cases/a/b.rs:5:5\n\n\
         error: third\n  --> cases/a/b.rs:10:1\n",
    );
    let of = |line, column, text: &str| Message { line, column, text: text.to_owned() };
    assert_eq!(messages, [of(3, 14, "first\nsecond"), of(10, 1, "third")]);
}
