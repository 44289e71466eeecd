private import Glibc

/// The processor's time, as against the clock on the wall.
public enum ProcessorTime {
  /// What this thread has used so far, in its own code and in the system's for it.
  ///
  /// C counterpart: `clock_gettime` with `CLOCK_THREAD_CPUTIME_ID`.
  public static var ofThisThread: Duration {
    var time = timespec()
    guard unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0 else { return .zero }
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
}
