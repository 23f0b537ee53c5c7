//! The cases of `quantity_test.go`, and what real manifests get wrong.

use alloc::format;
use alloc::string::{String, ToString};

use super::{Quantity, QuantityFault as Fault};

const KI: i128 = 1024 * UNIT;
const MI: i128 = 1024 * KI;
const GI: i128 = 1024 * MI;
const TI: i128 = 1024 * GI;
const PI: i128 = 1024 * TI;
const EI: i128 = 1024 * PI;
const UNIT: i128 = 1_000_000_000;
const CAP: i128 = i64::MAX as i128 * UNIT;

/// Texts and their amounts in nano units.
#[rustfmt::skip]
const ACCEPTED: &[(&str, i128)] = &[
    ("0", 0), ("0n", 0), ("0u", 0), ("0m", 0), ("0k", 0), ("0Ki", 0), ("0Ei", 0), ("0E", 0), ("00", 0), ("0.0", 0), ("0.000000000000Ki", 0),
    // Binary suffixes.
    ("1", UNIT), ("1Ki", KI), ("8Ki", 8 * KI), ("7Mi", 7 * MI), ("6Gi", 6 * GI), ("5Ti", 5 * TI), ("4Pi", 4 * PI), ("3Ei", 3 * EI), ("100Ti", 100 * TI),
    // Decimal suffixes.
    ("5n", 5), ("4u", 4_000), ("3m", 3_000_000), ("9", 9 * UNIT), ("8k", 8_000 * UNIT), ("7M", 7_000_000 * UNIT), ("6G", 6 * UNIT * UNIT),
    ("5T", 5_000 * UNIT * UNIT), ("2P", 2_000_000 * UNIT * UNIT), ("1E", UNIT * UNIT * UNIT),
    // Exponents; E alone is a suffix.
    ("1E-3", 1_000_000), ("1e3", 1_000 * UNIT), ("1E3", 1_000 * UNIT), ("1E+3", 1_000 * UNIT), ("1e03", 1_000 * UNIT), ("1e-0", UNIT), ("1E18", UNIT * UNIT * UNIT),
    ("1.3E+6", 1_300_000 * UNIT), ("1.40e9", 1_400_000_000 * UNIT), ("0.5e-2", 5_000_000), ("1000e-3", UNIT), ("0e2147483647", 0), ("1e-2147483648", 1),
    // Points.
    ("0.001", 1_000_000), ("0.0005k", UNIT / 2), ("0.50000", UNIT / 2), (".5", UNIT / 2), ("5.", 5 * UNIT), ("1.G", UNIT * UNIT), (".0001k", UNIT / 10),
    ("100.035k", 100_035 * UNIT), ("10.035M", 10_035_000 * UNIT), ("6.987654321G", 6_987_654_321 * UNIT), ("0000000000000000000000000000000000000000000001.5", UNIT + UNIT / 2),
    ("100.035Ki", 102_435_840_000_000), ("0.5Mi", MI / 2), ("0.05Gi", 53_687_091_200_000_000), ("0.025Ti", 27_487_790_694_400_000_000), ("1.5Gi", 3 * GI / 2),
    // As JSON and YAML write numbers.
    ("2", 2 * UNIT), ("0.1", UNIT / 10), ("1e-7", 100), ("1000.0", 1_000 * UNIT), ("1e+21", 1_000 * UNIT * UNIT * UNIT),
    // Finer than nano: away from zero.
    ("3.001n", 4), ("1.1E-9", 2), ("0.0000000001", 1), ("0.00000000050", 1), ("0.9n", 1), ("0.00000012345", 124), ("0.00000012354", 124), ("1.0000000000n", 1),
    ("0.000000000001Ki", 2), ("0.0000000009765625Ki", 1_000), ("0.00000000097656250000000000000000000000000000000000000000000000000001Ki", 1_001),
    // Binary ones are capped, decimal ones are not.
    ("7.999Ei", 9_222_219_115_350_168_961_024_000_000), ("8Ei", CAP), ("9Ei", CAP), ("9223372036854775807Ki", CAP), ("9223372036854775807", CAP), ("99999999999999999999999999999999999999999999999Ki", CAP),
    ("12E", 12 * UNIT * UNIT * UNIT), ("18446744073709551616", 18_446_744_073_709_551_616 * UNIT),
];

#[test]
fn parts_are_added_up() {
    let amount = |text: &str| Quantity::parse(text).unwrap();
    assert!(!amount("1Gi").is_exceeded_by(&[]));
    assert!(!amount("1").is_exceeded_by(&[amount("400m"), amount("0.6")]));
    assert!(amount("1").is_exceeded_by(&[amount("400m"), amount("0.6"), amount("1n")]));
}

#[test]
fn a_quantity_is_what_kubernetes_reads() {
    for &(text, nanos) in ACCEPTED {
        for (text, nanos) in [(String::from(text), nanos), (format!("+{text}"), nanos), (format!("-{text}"), -nanos)] {
            let quantity = Quantity::parse(&text).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(quantity.nanos, nanos, "{text}");
            assert_eq!((quantity.is_zero(), quantity.is_negative()), (nanos == 0, nanos < 0), "{text}");
            assert_eq!(quantity.to_string(), text);
        }
    }
}

#[test]
fn every_suffix_stands_alone() {
    for (larger, smaller, factor) in [
        ("1Ki", "1", "1024"),
        ("1Mi", "1Ki", "1024"),
        ("1Gi", "1Mi", "1024"),
        ("1Ti", "1Gi", "1024"),
        ("1Pi", "1Ti", "1024"),
        ("1Ei", "1Pi", "1024"),
        ("1k", "1", "1000"),
        ("1M", "1k", "1000"),
        ("1G", "1M", "1000"),
        ("1T", "1G", "1000"),
        ("1P", "1T", "1000"),
        ("1E", "1P", "1000"),
        ("1", "1m", "1000"),
        ("1m", "1u", "1000"),
        ("1u", "1n", "1000"),
    ] {
        let [larger, smaller, factor] = [larger, smaller, factor].map(|text| Quantity::parse(text).unwrap());
        assert_eq!(larger.nanos * UNIT, smaller.nanos * factor.nanos, "{larger} is {factor} times {smaller}");
    }
}

fn fault_of(text: &str) -> Fault {
    Quantity::parse(text).map_or_else(|error| error.fault, |quantity| panic!("{quantity} was read"))
}

#[test]
fn what_is_no_quantity_is_refused_with_its_reason() {
    for (fault, texts) in [
        (Fault::Empty, &[""] as &[&str]),
        (Fault::Whitespace, &[" 1", "1 ", "1 Gi", "1\tGi", "1Gi\n", " ", "1e 3", "- 1"]),
        (
            Fault::NoNumber,
            // Kubernetes itself takes the first line for zero.
            &[
                "+", "-", ".", "-.", ".Gi", "m", "-Ki", "E", "e3", //
                "aoeu", "--1", "+-1", "..5", "Gi1", "\u{661}", "NaN", "inf", "$1", "null", "{{",
            ],
        ),
        (
            Fault::BadExponent,
            &["1e+", "-3.01e-", "1e3.5", "1e3Ki", "1e2147483648", "1e4294967296", "1E-2147483649", "1e+-3", "1e1_0"],
        ),
    ] {
        for text in texts {
            assert_eq!(fault_of(text), fault, "{text}");
        }
    }
}

#[test]
fn a_misspelt_suffix_is_told_from_the_amount_and_set_right() {
    for (text, suffix, meant) in [
        ("1gi", "gi", Some("Gi")),
        ("1GI", "GI", Some("Gi")),
        ("0.1mi", "mi", Some("Mi")),
        ("512MB", "MB", Some("M")),
        ("512mb", "mb", Some("M")),
        ("1GiB", "GiB", Some("Gi")),
        ("1KB", "KB", Some("k")),
        ("1K", "K", Some("k")),
        ("1ki", "ki", Some("Ki")),
        ("1g", "g", Some("G")),
        ("1e", "e", Some("E")),
        ("1U", "U", Some("u")),
        ("1i", "i", None),
        ("-3.01i", "i", None),
        ("0.1am", "am", None),
        ("1.1.M", ".M", None),
        ("1+1.0M", "+1.0M", None),
        ("1,5Gi", ",5Gi", None),
        ("1_000", "_000", None),
        ("0x10", "x10", None),
        ("1M5", "M5", None),
        ("1M+", "M+", None),
        ("1KiKi", "KiKi", None),
        ("1ee3", "ee3", None),
        ("1µ", "µ", None),
        ("1\u{a0}Gi", "\u{a0}Gi", None),
    ] {
        assert_eq!(fault_of(text), Fault::UnknownSuffix { suffix: suffix.into(), meant }, "{text}");
    }
}

#[test]
fn amounts_are_ordered_across_suffixes() {
    let ascending = [
        &["-1e40", "-2e40"] as &[&str],
        &["-1Gi", "-1024Mi"],
        &["-1n"],
        &["0", "-0", "0Ki"],
        &["1n", "0.1n", "0.000000001"],
        &["1m", "0.001", "1e-3", "1000u"],
        &["1", "1000m", "1.", "+1", "1e0"],
        &["1k", "1e3", "1000"],
        &["1Ki", "1024", "1.024k"],
        &["1G"],
        &["1Gi", "1024Mi", "1048576Ki", "1073741824"],
        &["1073741824000000001n"],
        &["8Ei", "9Ei", "9223372036854775807"],
        &["9223372036854775808"],
        &["170141183460469231731687303715E-1"],
        &["170e27"],
        // From here on all are one.
        &["171e27", "1e40", "1e41", "9e2147483647", "99999999999999999999E"],
    ];
    for (left_rank, left_texts) in ascending.iter().enumerate() {
        for (right_rank, right_texts) in ascending.iter().enumerate() {
            for (left, right) in left_texts.iter().flat_map(|left| right_texts.iter().map(move |right| (left, right))) {
                let order = Quantity::parse(left).unwrap().cmp(&Quantity::parse(right).unwrap());
                assert_eq!(order, left_rank.cmp(&right_rank), "{left} and {right}");
            }
        }
    }
}

#[test]
fn a_ratio_is_exceeded_by_the_smallest_amount_too_much() {
    for (limit, request, max, exceeds) in [
        ("1500m", "1", "1.5", false),
        ("1500000001n", "1", "1.5", true),
        ("1.5Gi", "1Gi", "1.5", false),
        ("1610612737", "1Gi", "1.5", true),
        ("2", "2000m", "1", false),
        ("1", "2", "1", false),
        ("300m", "100m", "3", false),
        // 0.1 x 3 is not 0.3 in binary fractions, and a third of 1 has no end.
        ("0.3", "0.1", "3", false),
        ("1", "333333333n", "3", true),
        ("1", "333333334n", "3", false),
        ("1n", "1n", "0.999999999", true),
        ("1n", "0", "4", true),
        ("0", "0", "4", false),
        ("0", "1", "0", false),
        ("1n", "1", "0", true),
        // Products that do not fit 128 bits.
        ("8Ei", "8Ei", "1", false),
        ("8Ei", "9223372036854775806", "1", true),
        ("170e27", "85e27", "2", false),
        ("170e27", "84999999999999999999999999999999999999n", "2", true),
        ("170e27", "170e27", "170e27", false),
        // Nothing negative is allowed in a manifest; the order holds all the same.
        ("-1", "1", "1", false),
        ("1", "-1", "1", true),
        ("-1", "-1", "2", true),
        ("-3", "-1", "2", false),
        ("-2", "-1", "2", false),
        ("-170e27", "-170e27", "2", true),
        ("0", "-1", "1", true),
    ] {
        let [limit, request, max] = [limit, request, max].map(|text| Quantity::parse(text).unwrap());
        assert_eq!(limit.ratio_exceeds(&request, &max), exceeds, "{limit} > {request} x {max}");
    }
}

#[test]
fn errors_say_what_is_wrong_and_what_to_write() {
    for (text, message) in [
        ("", "`` is no quantity: write one such as `500m` or `1Gi`"),
        ("1 Gi", "`1 Gi` is no quantity: remove the whitespace"),
        ("Gi", "`Gi` is no quantity: it does not begin with a number"),
        ("512MB", "`512MB` is no quantity: for `MB`, write `M`"),
        (
            "1x",
            "`1x` is no quantity: `x` is not one of the suffixes n, u, m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi and Ei",
        ),
        ("1e+", "`1e+` is no quantity: an exponent is a whole number of 32 bits"),
    ] {
        assert_eq!(Quantity::parse(text).unwrap_err().to_string(), message);
    }
    for endless in ["1x", "x", "1é", "1e3", " "] {
        assert!(Quantity::parse(&format!("{endless}x").repeat(1_000_000)).unwrap_err().to_string().len() < 400);
    }
}
