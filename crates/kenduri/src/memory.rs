//! How the allocator keeps memory.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// What glibc's allocator reads when a process begins (mallopt(3), `M_ARENA_MAX`).
const ARENAS: &str = "MALLOC_ARENA_MAX";
/// Says that this was tried. A program that was given capabilities by its file is
/// started without the other one, and must not begin for ever.
const TRIED: &str = "ONE_HEAP_TRIED";

/// Begins this process anew, once, with one heap for all threads. By itself glibc
/// gives each thread one of its own, and what one of them gave back no other uses:
/// on a small machine that is a tenth of what Kenduri takes. Whoever set the
/// variable decides instead. The process keeps its id and its open files.
#[expect(
    clippy::disallowed_methods,
    reason = "a setting of the C library, not one of ours"
)]
pub(crate) fn share_one_heap() {
    let is_set = |name: &str| std::env::var_os(name).is_some();
    if is_set(ARENAS) || is_set(TRIED) {
        return;
    }
    let Ok(program) = std::env::current_exe() else {
        return;
    };
    let mut arguments = std::env::args_os();
    let name = arguments
        .next()
        .unwrap_or_else(|| OsString::from("kenduri"));
    // Returns only if it failed, and then all goes on as it is, with more memory.
    let _ = Command::new(program)
        .arg0(name)
        .args(arguments)
        .env(ARENAS, "1")
        .env(TRIED, "1")
        .exec();
}
