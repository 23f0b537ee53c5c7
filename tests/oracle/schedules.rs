//! The SDK's reader of schedules beside the API server's (`robfig/cron` v3, in `schedules/main.go`): it reads what that
//! reads, refuses what that refuses, and knows what never comes. Its time zones are those that Go brings along.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use sdk::cron::{Schedule, is_time_zone};

use crate::{folder, number};

/// What fields of schedules are made of: what is right most of the time, and what is nearly so.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "*", "*", "*", "?", "0", "1", "5", "7", "12", "15", "23", "24", "29", "30", "31", "32", "59", "60", "00", "+5", "-1",
    "jan", "FEB", "dec", "sun", "Mon", "sat", "fri", "sunday", "L", "W", "1.5", "", ",", "-", "/", "#", "x", "é", "TZ",
    "1-5", "10-20", "5-1", "*/2", "*/5", "*/1", "*/0", "*/99", "1/3", "0-59/7", "1-12", "0-6", "1-31", "31", "30", "29",
    "1,15", "2,4,6,9,11", "mon-fri", "1-2-3", "1/2/3", "*-5", "99999999999999999999", "0x1", "1_0", "9223372036854775808",
];

#[rustfmt::skip]
const DESCRIPTORS: &[&str] = &[
    "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly", "@reboot", "@Daily", "@daily ", "@",
    "@every", "@every ", "@every 1h", "@every 1h30m", "@every  1h", "@every 1h ", "TZ=UTC @daily", "CRON_TZ=UTC 0 0 * * *",
    "TZ=", "TZ=UTC", "CRON_TZ=nowhere 0 0 * * *", "", " ", "@every 2562047h47m16.854775807s", "@every 2562047h47m16.9s",
];

#[rustfmt::skip]
const DURATIONS: &[&str] = &[
    "1", "0", "30", "1.5", ".5", "1.", ".", "-", "+", "h", "m", "s", "ms", "us", "µs", "μs", "ns", "d", " ", "9223372036854775807",
    "9223372036854775808", "9999999", "0.000000000000000000000001", "00000000000000000000000000000000000000000001",
];

/// xorshift.
struct Dice(u64);

impl Dice {
    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        let index = self.below(from.len());
        from.get(index).copied().unwrap_or_default()
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit).unwrap_or(u64::MAX)).unwrap_or_default()
    }

    fn schedule(&mut self) -> String {
        match self.below(20) {
            0 => self.pick(DESCRIPTORS).to_owned(),
            1 => (0..=self.below(5)).fold("@every ".to_owned(), |text, _| text + self.pick(DURATIONS)),
            // A schedule that is read comes or never does by its days and months.
            2..8 => {
                let days = ["*", "?", ",", "29", "30", "31", "30,31", "*/2", "*/1", "1-31", "31/2"];
                let months = ["*", "2", "2,4", "feb", ",", "2-2", "*/12", "2/12", "2,4,6,9,11"];
                let weekdays = ["*", "?", ",", "1", "*/2", "*/1", "0-6", "sun-sat"];
                format!("0 0 {} {} {}", self.pick(&days), self.pick(&months), self.pick(&weekdays))
            }
            _ => {
                let fields = if self.below(10) == 0 { self.below(7) } else { 5 };
                let mut text = String::new();
                for _ in 0..fields {
                    for _ in 0..=self.below(12) / 10 {
                        text += self.pick(PIECES);
                    }
                    text += self.pick(&[" ", " ", " ", "  ", "\t", "\u{a0}"]);
                }
                text
            }
        }
    }
}

#[test]
fn schedules_are_read_as_the_api_server_reads_them() {
    let Some(mut judge) = go() else {
        eprintln!("LEFT OUT: Go is not installed, so schedules are not read beside the API server's reader");
        return;
    };
    let (texts, seed) = (number("SEAWORTHY_ORACLE_TEXTS", 20_000), number("SEAWORTHY_ORACLE_SEED", 1));
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let schedules: Vec<String> = (0..texts).map(|_| dice.schedule()).collect();
    let lines: String = schedules.iter().map(|text| format!("{}\n", serde_json::Value::from(text.as_str()))).collect();
    let mut child = judge
        .args(["run", "./schedules"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the judge starts");
    let mut to = child.stdin.take().expect("it is piped");
    let feeder = thread::spawn(move || to.write_all(lines.as_bytes()).expect("the judge reads"));
    let output = child.wait_with_output().expect("the judge answers");
    feeder.join().expect("all schedules were sent");
    assert!(output.status.success(), "the judge failed");
    let answers = String::from_utf8(output.stdout).expect("it answers in words");
    let mut seen = [0_u64; 3];
    for (text, theirs) in schedules.iter().zip(answers.lines()) {
        let (index, ours) = match Schedule::parse(text) {
            Err(_) => (0, "refused"),
            Ok(schedule) if schedule.ever_comes() => (1, "comes"),
            Ok(_) => (2, "never"),
        };
        assert_eq!(ours, theirs, "{text:?}");
        seen[index] += 1;
    }
    assert_eq!(seen.iter().sum::<u64>(), texts, "each is answered");
    assert!(seen.iter().all(|number| number * 50 > texts), "the schedules test nothing: {seen:?}");
}

#[test]
fn the_time_zones_are_those_that_go_knows() {
    let Some(mut judge) = go() else {
        eprintln!("LEFT OUT: Go is not installed, so time zones are not compared with its own");
        return;
    };
    let root = Command::new("go").args(["env", "GOROOT"]).output().expect("Go runs");
    let root = String::from_utf8(root.stdout).expect("a path is text");
    let output = judge.args(["run", "./schedules", "zones", root.trim()]).output().expect("the judge runs");
    let theirs = String::from_utf8(output.stdout).expect("names are text");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/src/cron/zones.txt");
    let ours = std::fs::read_to_string(file).expect("the file is there");
    let release = |text: &str| text.split(',').next().map(str::to_owned);
    if release(&ours) == release(&theirs) {
        assert!(ours.lines().skip(1).eq(theirs.lines().skip(1)), "run `make time-zones`");
    }
    // A later release may know more. None ever forgets a name.
    let mut names = 0;
    for line in ours.lines().skip(1) {
        let (area, places) = line.split_once(':').expect("an area and its places");
        let known = theirs.lines().find(|line| line.split_once(':').is_some_and(|(name, _)| name == area));
        let known: Vec<&str> = known.unwrap_or_default().split(' ').collect();
        for place in places.split_ascii_whitespace() {
            assert!(known.contains(&place), "Go does not know {area}/{place}");
            assert!(is_time_zone(format!("{area}/{place}").trim_start_matches('/')), "{area}/{place}");
            names += 1;
        }
    }
    assert!(names > 500, "{names}");
}

fn go() -> Option<Command> {
    Command::new("go").arg("version").stdout(Stdio::null()).status().ok()?;
    let mut command = Command::new("go");
    command.current_dir(folder());
    Some(command)
}
