//! Sets this process's memory allocator.
//!
//! jemalloc serves the C libraries too. mimalloc was as fast, but an idle program kept 20 MiB more.

/// With glibc's allocator, threads wait for each other or keep memory that others cannot use.
/// jemalloc also returns free memory to the system, in a background thread.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;
