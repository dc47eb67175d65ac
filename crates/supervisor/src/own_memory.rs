//! Sets this process's memory allocator.
//!
//! jemalloc serves the C libraries too. mimalloc was as fast, but an idle program kept 20 MiB more.

/// With glibc's allocator, threads either wait for each other or keep separate memory that other
/// threads cannot use. jemalloc avoids this. Its background thread also returns free memory to the
/// system.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;
