//! Every mistake that the derive knows gives one message with its cure.

#[test]
fn mistakes_say_their_cure() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("cases/*/*.rs");
    cases.pass("pass/*.rs");
}
