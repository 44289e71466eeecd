private import CGlibc

/// The C library's allocator, which holds libiptc's copy of a table.
public enum Allocator {
  /// Gives memory that is free back to the system, which the allocator would keep.
  ///
  /// C counterpart: `malloc_trim`.
  public static func releaseFreeMemory() { _ = malloc_trim(0) }
}
