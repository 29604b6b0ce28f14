//! What a quantity is: `kube::Quantity` against apimachinery's `ParseQuantity` and `Cmp`.

use std::cmp::Ordering;

use fastrand::Rng;
use libtest_mimic::{Failed, Trial};
use portcullis::kube::Quantity;
use serde::{Deserialize, Serialize};

use crate::{
    disagreements::Disagreements,
    generate::{self, pick},
    judge::{JudgeError, judges},
};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("quantities::hard", hard),
        Trial::test("quantities::generated", generated_cases),
    ]
}

/// Two texts: each is parsed, and if both are quantities they are compared.
#[derive(Serialize)]
struct Case {
    text: String,
    other: String,
}

#[derive(Deserialize)]
struct Judged {
    #[serde(flatten)]
    text: Parsed,
    other: Parsed,
    cmp: Option<i8>,
}

#[derive(Deserialize)]
struct Parsed {
    ok: bool,
    sign: i8,
    #[serde(default)]
    dec: String,
}

/// What both sides say of a case: the sign of each quantity, and their order.
type Verdict = (Option<i8>, Option<i8>, Option<i8>);

#[rustfmt::skip]
const HARD: &[&str] = &[
    "", "0", "1", "-1", "+1", "+", "-", ".", "+.", "-.", "..", "00", "007", "0.0", ".5", "5.",
    "-.5", "1.5", "1.5.5", "1,5", "1_000", " 1", "1 ", "1 m", "100 m", "\t1", "1\n", "½", "१", "n",
    "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "-n", "+Ti", "-Pi",
    "0Pi", "0Ei", ".Ki", ".Pi", ".n", "0.Ei", "1n", "1u", "1m", "1k", "1M", "1G", "1T", "1P", "1E",
    "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei", "1K", "1ki", "1mi", "1i", "1KI", "1Kib", "1GB",
    "1Gb", "7Ei", "8Ei", "7.999999999999Ei", "-8Ei", "-9Ei", "9223372036854775807",
    "9223372036854775808", "9223372036854775807Ki", "0.5Ei", "0.3Gi", "0.0000000001Ki",
    "1.0000000001Ki", "-0.0000000001Ki", "1e3", "1E3", "1e+3", "1e-3", "1e", "1e+", "1e-", "1E",
    "1E+", "1e3e3", "1e3m", "1m3", "1Mi5", "1e 3", "e3", "e-9", "e-10", ".e-10", "+e5", "1e9",
    "1e18", "1e19", "1e20", "1e100", "1e-9", "1e-10", "1e-100", "-1e-100", "1e4294967296",
    "1e4294967299", "1e99999999999999999999", "1e-4294967296", "0e100", "0e-100", "0.1n", "0.9n",
    "1.1n", "-1.1n", "0.0000000001", "0.000000001", "-0.0000000001", "999999999999999999",
    "1000000000000000000", "99999999999999999999", "0.123456789012345678", "0.1234567890123456789",
    "123456789012345678.9", "1234567890123456789.987654321987654321",
    "99999999999999999999999999999", "99999999999999999999999999999.9999999999",
    "100000000000000000000000000000", "340282366920938463463374607431768211456",
    "99999999999999999999999999999999999999999999.99999999999999999999", "1024", "1024Ki",
    "1048576Ki", "1000m", "1000000u", "1000000000n", "1k", "0.001k", "0.000001M",
    "1000000000000000000m", "NaN", "Inf", "true", "0x10", "0b1", "1__0", "--1", "++1", "+-1", "1+",
    "1-", "1-5", "1+5", "1.-5", "1.5e", "1.5E5", "1.5Ki", "1.5m", "-0", "-0.0", "+0", "-0m", "1Em",
    "1eE", "1EE", "1Ee3", "inu", "1inu",
];

fn hard() -> Result<(), Failed> {
    let cases: Vec<Case> = HARD
        .iter()
        .flat_map(|text| HARD.iter().map(move |other| (*text, *other)))
        .map(|(text, other)| Case { text: text.to_owned(), other: other.to_owned() })
        .collect();
    agree(&cases)
}

fn generated_cases() -> Result<(), Failed> {
    let mut rng = generate::rng("quantities::generated")?;
    let cases: Vec<Case> = (0..generate::cases(100_000)?)
        .map(|_| {
            let text = generated(&mut rng);
            let other = match rng.u8(..4) {
                0 => rewritten(&mut rng, &text),
                _ => generated(&mut rng),
            };
            Case { text, other }
        })
        .collect();
    agree(&cases)
}

fn agree(cases: &[Case]) -> Result<(), Failed> {
    let mut disagreements = Disagreements::default();
    let mut judged = 0;
    for (case, verdict) in cases.iter().zip(judges()?.ask_all::<_, Judged>("quantity", cases)?) {
        let judge = match verdict {
            Ok(judge) => judge,
            // Upstream would compute a power of ten for hours.
            Err(JudgeError::Refused(why)) if why.starts_with("not asked") => continue,
            Err(error) => return Err(error.into()),
        };
        judged += 1;
        let sign = |parsed: &Parsed| parsed.ok.then_some(parsed.sign);
        let theirs: Verdict = (sign(&judge.text), sign(&judge.other), judge.cmp);
        let name = format!("{:?} and {:?} ({})", case.text, case.other, judge.text.dec);
        disagreements.compare(name, &ours(case), &theirs);
        // The judge's own decimal of a value is the same value, if ours is right to the last digit.
        if let (true, Ok(quantity)) = (judge.text.ok, Quantity::parse(&case.text)) {
            let same = Quantity::parse(&judge.text.dec).is_ok_and(|exact| exact == quantity);
            disagreements.compare(format!("{:?} is {}", case.text, judge.text.dec), &same, &true);
        }
    }
    disagreements.verdict(judged)
}

fn ours(case: &Case) -> Verdict {
    let sign = |quantity: &Quantity| match (quantity.is_positive(), quantity.is_negative()) {
        (true, _) => 1,
        (_, true) => -1,
        _ => 0,
    };
    let text = Quantity::parse(&case.text).ok();
    let other = Quantity::parse(&case.other).ok();
    let order = text.as_ref().zip(other.as_ref()).map(|(a, b)| match a.cmp(b) {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    });
    (text.as_ref().map(sign), other.as_ref().map(sign), order)
}

const SUFFIXES: &[&str] = &[
    "", "", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "K",
    "mi", "GB", "i", " m", "e", "E+",
];

fn generated(rng: &mut Rng) -> String {
    if rng.u8(..10) == 0 {
        let letters =
            ["0", "1", "9", ".", "+", "-", "e", "E", "i", "n", "u", "m", "k", "M", "K", " "];
        return (0..rng.usize(..8)).map(|_| pick(rng, &letters)).collect();
    }
    let mut text = String::from(pick(rng, &["", "", "", "-", "+"]));
    let longest = pick(rng, &[1, 3, 10, 20, 45]);
    digits(rng, &mut text, longest);
    if rng.bool() {
        text.push('.');
        digits(rng, &mut text, longest);
    }
    match rng.u8(..4) {
        0 => {
            let most = pick(rng, &[5, 20, 60]);
            text.push_str(&format!("{}{}", pick(rng, &["e", "E", "e+"]), rng.i32(-most..=most)));
        }
        _ => text.push_str(pick(rng, SUFFIXES)),
    }
    text
}

fn digits(rng: &mut Rng, text: &mut String, longest: usize) {
    let choices = pick(rng, &["0123456789", "09", "0", "9"]);
    for _ in 0..rng.usize(..=longest) {
        text.push(rng.choice(choices.as_bytes()).map_or('0', |byte| char::from(*byte)));
    }
}

/// Nearly the same text: near values are where an order goes wrong.
fn rewritten(rng: &mut Rng, text: &str) -> String {
    let mut text = text.to_owned();
    match rng.u8(..5) {
        0 => text.insert(0, '0'),
        1 => text.push('0'),
        2 => text.push_str(pick(rng, SUFFIXES)),
        3 => {
            if let Some(at) = text.find('.') {
                text.insert(at + 1, '0');
            }
        }
        _ => {
            if let Some(at) = text.rfind(|c: char| c.is_ascii_digit()) {
                text.replace_range(at..=at, pick(rng, &["0", "1", "5", "9"]));
            }
        }
    }
    text
}
