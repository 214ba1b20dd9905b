//! Processors, memory and processes as Linux tells them in `/proc`; elsewhere nothing is known, and nothing is claimed.

use std::collections::BTreeMap;
use std::fs;
use std::time::Instant;

use crate::tui::system::{Machine, Process};

/// Counters of the sample before: only their differences say what happens now.
#[derive(Default)]
pub struct Meter {
    ticks: Option<Ticks>,
    processes: BTreeMap<u32, Spent>,
    alive: Vec<u32>,
}

/// Clock ticks of all processors since the machine began.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Ticks {
    busy: u64,
    all: u64,
}

/// What a process has used up at some time.
#[derive(Clone, Copy)]
struct Spent {
    at: Instant,
    usage: Usage,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Usage {
    ticks: u64,
    page_ins: u64,
    resident_pages: u64,
}

impl Meter {
    /// Processors and memory since the call before.
    pub fn machine(&mut self) -> Machine {
        let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
        let ticks = ticks(&read("/proc/stat"));
        let busy = self.ticks.zip(ticks).and_then(|(before, now)| {
            let (busy, all) = (now.busy.saturating_sub(before.busy), now.all.saturating_sub(before.all));
            (all > 0).then(|| busy as f64 / all as f64)
        });
        self.ticks = ticks;
        let memory = read("/proc/meminfo");
        let used = |free: &str, all: &str| {
            let all = mib(&memory, all)?;
            Some((all - mib(&memory, free)?, all)).filter(|(_, all)| *all > 0.0)
        };
        Machine {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            busy,
            load: load(&read("/proc/loadavg")),
            memory_mib: used("MemAvailable", "MemTotal"),
            swap_mib: used("SwapFree", "SwapTotal"),
            disk_mib: None,
        }
    }

    /// What process `pid` has done since the call before; `None` if there is none.
    pub fn process(&mut self, pid: u32) -> Option<Process> {
        let usage = usage(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?;
        let now = Spent { at: Instant::now(), usage };
        self.alive.push(pid);
        let before = self.processes.insert(pid, now);
        let rate = |of: fn(&Usage) -> u64| {
            let before = before?;
            let elapsed_s = now.at.duration_since(before.at).as_secs_f64();
            // Of a process that took over the number there is nothing to compare with.
            let spent = of(&now.usage).checked_sub(of(&before.usage))?;
            (elapsed_s > 0.0).then(|| spent as f64 / elapsed_s)
        };
        let per_s = rustix::param::clock_ticks_per_second().max(1) as f64;
        Some(Process {
            pid,
            cores: rate(|usage| usage.ticks).map(|ticks| ticks / per_s),
            memory_mib: usage.resident_pages as f64 * rustix::param::page_size() as f64 / f64::from(1 << 20),
            page_ins_per_s: rate(|usage| usage.page_ins),
        })
    }

    /// Drops the counters of processes that were not asked for since the call before.
    pub fn forget_ended(&mut self) {
        let alive = std::mem::take(&mut self.alive);
        self.processes.retain(|pid, _| alive.contains(pid));
    }
}

/// `cpu  user nice system idle iowait irq softirq steal guest …`: guests are counted in user already.
fn ticks(stat: &str) -> Option<Ticks> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let numbers: Vec<u64> = line.split_whitespace().take(8).filter_map(|word| word.parse().ok()).collect();
    let all = numbers.iter().fold(0, |sum: u64, &ticks| sum.saturating_add(ticks));
    let idle = numbers.get(3)?.saturating_add(*numbers.get(4)?);
    Some(Ticks { busy: all.saturating_sub(idle), all })
}

/// `MemTotal:       24654748 kB`.
fn mib(meminfo: &str, name: &str) -> Option<f64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1024.0)
}

fn load(loadavg: &str) -> Option<[f64; 3]> {
    let numbers: Vec<f64> = loadavg.split_whitespace().take(3).filter_map(|word| word.parse().ok()).collect();
    numbers.try_into().ok()
}

/// `1234 (a name (with anything)) S …`: the name may hold blanks and brackets, so fields are counted from its end.
fn usage(stat: &str) -> Option<Usage> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    let ticks = field(14)?.saturating_add(field(15)?);
    Some(Usage { ticks, page_ins: field(12)?, resident_pages: field(24)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_for_a_disk_is_not_busy() {
        let stat = "cpu  100 20 30 800 40 5 5 0 77 0\ncpu0 1 2 3\n";
        assert_eq!(ticks(stat), Some(Ticks { busy: 160, all: 1000 }));
        assert_eq!((ticks(""), ticks("cpu  1 2")), (None, None));
    }

    #[test]
    fn memory_and_load_are_read_by_name() {
        let meminfo = "MemTotal:       2048 kB\nMemFree: 1 kB\nMemAvailable:   512 kB\n";
        assert_eq!((mib(meminfo, "MemTotal"), mib(meminfo, "MemAvailable")), (Some(2.0), Some(0.5)));
        assert_eq!((mib(meminfo, "Mem"), mib("MemTotal: much", "MemTotal")), (None, None));
        assert_eq!(load("3.71 2.68 2.27 4/300 12\n"), Some([3.71, 2.68, 2.27]));
        assert_eq!(load("3.71"), None);
    }

    #[test]
    fn a_name_with_brackets_moves_no_field() {
        let stat =
            "16333 (a) R (b)) R 16323 16323 12681 0 -1 4194304 102 0 9 0 250 50 0 0 20 0 1 0 3752244 3133440 389 18";
        assert_eq!(usage(stat), Some(Usage { ticks: 300, page_ins: 9, resident_pages: 389 }));
        assert_eq!((usage(""), usage("1 (a) R 2")), (None, None));
    }

    #[test]
    fn what_this_process_uses_is_known_from_the_second_sample_on() {
        let mut meter = Meter::default();
        let pid = std::process::id();
        let Some(first) = meter.process(pid) else { return };
        assert_eq!((first.pid, first.cores), (pid, None));
        assert!(first.memory_mib > 0.0);
        assert!(meter.process(pid).is_some_and(|second| second.cores.is_some()));
        meter.forget_ended();
        meter.forget_ended();
        assert!(meter.process(pid).is_some_and(|again| again.cores.is_none()));
        assert_eq!(meter.process(u32::MAX), None);
    }
}
