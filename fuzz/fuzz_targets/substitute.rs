//! Any text with variables: the segments are the text, in order and without gaps.
#![no_main]

use flux_render::substitute::{Options, Value, Variables, substitute};
use libfuzzer_sys::fuzz_target;

struct Some3;

impl Variables for Some3 {
    fn get(&self, name: &str) -> Option<Value<'_>> {
        match name {
            "a" => Some(Value::Known("value/of a")),
            "b" => Some(Value::Known("é")),
            "c" => Some(Value::Unknown),
            _ => None,
        }
    }
}

fuzz_target!(|text: &str| {
    for strict in [false, true] {
        let Ok(output) = substitute(text, &Some3, Options { strict }) else { continue };
        let mut end = 0;
        for segment in &output.segments {
            assert_eq!(segment.output.start, end);
            end = segment.output.end;
        }
        assert_eq!(end, output.text.len());
    }
});
