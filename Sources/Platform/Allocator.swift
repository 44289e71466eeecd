private import CGlibc

/// The C library's allocator, which holds libiptc's copy of a table.
public enum Allocator {
  /// Sets the allocator up for a process that now and then needs a hundred times its usual memory.
  ///
  /// One arena, so that what one thread frees another can use; large blocks straight from the
  /// system whatever was freed before, so that they go back when freed; and some megabytes of small
  /// ones kept, so that a body that is sent in pieces takes the same memory for each. To be called
  /// before there are threads. C counterpart: `mallopt`.
  public static func configure() {
    _ = mallopt(M_ARENA_MAX, 1)
    _ = mallopt(M_MMAP_THRESHOLD, 128 * 1024)
    _ = mallopt(M_TRIM_THRESHOLD, 4 << 20)
  }

  /// Gives memory that is free back to the system, which the allocator would keep.
  ///
  /// C counterpart: `malloc_trim`.
  public static func releaseFreeMemory() { _ = malloc_trim(0) }
}
