//! The program: see [`collapsar::cli`].

/// Training allocates and frees the same few sizes at every step; this allocator keeps its pages between them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    collapsar::cli::main()
}
