//! How much memory there is: the machine's, or the control group's where that is less.
//!
//! A container sees the memory of its whole machine in `/proc/meminfo`; what it may use stands in its control group,
//! version 2 or 1. Where nothing can be read 4 GiB are assumed.

use std::fs;
use std::path::Path;

/// Returns how many bytes uploads in memory may take where nothing was configured: a quarter of all.
pub(crate) fn quarter_of_memory() -> u64 {
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    total(&meminfo, &group_limits()) / 4
}

/// Reads the limits of this process's control group and of those that it is in; `max` where there is none.
fn group_limits() -> Vec<String> {
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let own = own.lines().find_map(|line| line.strip_prefix("0::/")).unwrap_or_default();
    let groups = Path::new(own).ancestors().map(|group| Path::new(GROUPS).join(group).join("memory.max"));
    let version_1 = Path::new(GROUPS).join("memory/memory.limit_in_bytes");
    groups.chain([version_1]).filter_map(|path| fs::read_to_string(path).ok()).collect()
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

/// Where control groups are, as files.
const GROUPS: &str = "/sys/fs/cgroup";
/// What is assumed where nothing can be found out, in bytes.
const UNKNOWN: u64 = 4 * 1024 * 1024 * 1024;
