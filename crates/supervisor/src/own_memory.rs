//! Sets this process's memory allocator.

/// With glibc's allocator, threads either wait for each other or keep separate memory that other
/// threads cannot use. jemalloc avoids this, and also returns free memory to the system, from a
/// background thread.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;
