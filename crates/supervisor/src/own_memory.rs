//! The allocator.

/// With glibc's allocator, threads either wait for each other or each keep memory that no other
/// thread can use. jemalloc also returns free memory to the system, from a background thread.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;
