//! The allocator.

/// With glibc's allocator, threads wait for each other, or each of them keeps what no other thread
/// can use. This one also gives back to the system what is free, by a thread of its own.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;
