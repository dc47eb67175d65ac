//! Memory that nobody uses any more.

/// Gives back to the system what the allocator keeps in case it is wanted again: a process
/// takes more to begin, or to serve a crowd, than it needs afterwards.
///
/// Only glibc's allocator has to be told; with another one nothing happens.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    trim();
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the allocator offers it to C alone")]
fn trim() {
    // SAFETY: malloc_trim(3) asks for nothing: any thread may call it at any time, it takes the
    // allocator's own locks, and touches only memory that is free.
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(test)]
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod tests {
    use std::fs;

    /// Pages of this process that are in memory (proc(5), `statm`).
    fn resident() -> usize {
        let statm = fs::read_to_string("/proc/self/statm").unwrap();
        statm.split(' ').nth(1).unwrap().parse().unwrap()
    }

    #[test]
    fn what_is_free_is_the_system_s_again() {
        // Small enough to come from the heap, and something behind them keeps it from shrinking.
        let many: Vec<_> = (0..8_192).map(|_| vec![1_u8; 4_096]).collect();
        let behind = vec![1_u8; 4_096];
        drop(many);
        let before = resident();
        super::give_back();
        let after = resident();
        // 32 MiB were taken; what other tests do meanwhile is far less.
        assert!(before >= after + 4_096, "{before} pages, then {after}");
        drop(behind);
    }
}
