use alloc::string::ToString;

use super::*;

fn is_read(text: &str) -> bool {
    Schedule::parse(text).is_ok()
}

#[test]
fn what_the_api_server_takes_is_read() {
    for text in [
        "0 3 * * *",
        "00 3 * * *",
        "*/5 * * * *",
        "5/20 * * * *",
        "0 0 1-15/2 JAN-mar Mon,wed",
        "? ? ? ? ?",
        " 0\t3 *\n* *  ",
        "+5 * * * *",
        // Nothing between two commas, and whatever follows a star and a hyphen.
        "1,,2 * * * *",
        ", * * * *",
        "*-99-x * * * *",
        "*/61 * * * *",
        "@yearly",
        "@annually",
        "@monthly",
        "@weekly",
        "@daily",
        "@midnight",
        "@hourly",
        "@every 1h30m",
        "@every 0",
        "@every -1.5h",
        "@every .5s",
        "@every 1h1h",
        "@every -9223372036854775808ns",
    ] {
        assert!(is_read(text), "{text}: {:?}", Schedule::parse(text));
    }
}

#[test]
fn what_the_api_server_refuses_says_why() {
    for (text, why) in [
        ("", "is empty"),
        (" ", "this has 0"),
        ("0 3 * *", "this has 4"),
        ("0 0 3 * * *", "this has 6"),
        ("TZ=UTC 0 3 * * *", "into `timeZone`"),
        ("CRON_TZ=Europe/Paris 0 3 * * *", "into `timeZone`"),
        ("TZ=0", "into `timeZone`"),
        ("60 * * * *", "minute `60`: it is 0 to 59"),
        ("* 24 * * *", "hour `24`: it is 0 to 23"),
        ("* * 0 * *", "day of the month `0`: it is 1 to 31"),
        ("* * * 13 *", "month `13`: it is 1 to 12"),
        ("* * * * 7", "Sunday is 0"),
        ("* * * * 5-7", "Sunday is 0"),
        ("* * * * fri-mon", "ends before it begins"),
        ("5-1 * * * *", "ends before it begins"),
        ("1-2-3 * * * *", "two ends"),
        ("1/2/3 * * * *", "one step"),
        ("*/0 * * * *", "at least 1"),
        ("*/ * * * *", "no whole number"),
        ("*/-1 * * * *", "no whole number"),
        ("-1 * * * *", "no whole number"),
        ("1- * * * *", "no whole number"),
        ("1.5 * * * *", "no whole number"),
        ("* * L * *", "no whole number"),
        ("* * * * 5#2", "no whole number"),
        ("* * * january *", "no whole number"),
        ("H * * * *", "no whole number"),
        ("99999999999999999999 * * * *", "no whole number"),
        ("@reboot", "@every 1h30m"),
        ("@Daily", "@every 1h30m"),
        ("@daily ", "@every 1h30m"),
        (" @daily", "this has 1"),
        ("@every 1d", "no duration"),
        ("@every 5", "no duration"),
        ("@every ", "no duration"),
        ("@every 1.5.5h", "no duration"),
        ("@every  1h", "no duration"),
        ("@every .h", "no duration"),
        ("@every 9223372036854775808ns", "no duration"),
    ] {
        let said = Schedule::parse(text).expect_err(text).to_string();
        assert!(said.contains(why), "{text}: {said}");
    }
}

#[test]
fn a_schedule_may_never_come() {
    let comes = |text| Schedule::parse(text).expect(text).ever_comes();
    for text in [
        "0 0 29 2 *",
        "0 0 31 1,2 *",
        // One of the two days is enough where neither is a star.
        "0 0 31 2 1",
        "0 0 31 2 */2",
        "0 0 31 2 0-6",
        "@every 2000000h",
        "@monthly",
        "0 0 , * 1",
    ] {
        assert!(comes(text), "{text}");
    }
    for text in [
        "0 0 31 2 *",
        "0 0 30 2 ?",
        "0 0 31 2,4,6,9,11 *",
        "0 0 31 2 */1",
        ", * * * *",
        "0 0 * * ,",
        "0 0 1 , *",
        "0 0 1 , 1",
    ] {
        assert!(!comes(text), "{text}");
    }
}

#[test]
fn time_zones_are_known_by_their_exact_names() {
    for name in
        ["UTC", "Etc/UTC", "Europe/Paris", "America/Argentina/Buenos_Aires", "US/Pacific", "EST5EDT", "Etc/GMT+5"]
    {
        assert!(is_time_zone(name), "{name}");
    }
    for name in [
        "",
        "/",
        "Local",
        "local",
        "utc",
        "europe/paris",
        "Europe",
        "Europe/",
        "/UTC",
        "Europe//Paris",
        "Paris",
        "CEST",
        "+02:00",
        "../UTC",
    ] {
        assert!(!is_time_zone(name), "{name}");
    }
    assert_eq!(time_zone_like("europe/paris").as_deref(), Some("Europe/Paris"));
    assert_eq!(time_zone_like("America/New York").as_deref(), Some("America/New_York"));
    assert_eq!(time_zone_like("utc").as_deref(), Some("UTC"));
    assert_eq!(time_zone_like("Berlin"), None);
    assert!(zones().count() >= 598, "{}", zones().count());
}
