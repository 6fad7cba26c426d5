//! How much memory there is: the machine's, or the control group's where that is less.

use std::fs;

/// Returns how many bytes uploads in memory may take where nothing was configured: a quarter of all.
pub(crate) fn quarter_of_memory() -> u64 {
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let groups = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let groups: Vec<String> = groups.iter().filter_map(|path| fs::read_to_string(path).ok()).collect();
    total(&meminfo, &groups) / 4
}

/// Returns the least of the machine's memory and the limits of its control groups.
fn total(meminfo: &str, groups: &[String]) -> u64 {
    let machine = meminfo.lines().find_map(|line| {
        let kib: u64 = line.strip_prefix("MemTotal:")?.trim().strip_suffix("kB")?.trim().parse().ok()?;
        kib.checked_mul(1024)
    });
    let groups = groups.iter().filter_map(|text| text.trim().parse().ok());
    machine.into_iter().chain(groups).min().unwrap_or(UNKNOWN)
}

/// What is assumed where nothing can be found out, in bytes.
const UNKNOWN: u64 = 4 * 1024 * 1024 * 1024;
