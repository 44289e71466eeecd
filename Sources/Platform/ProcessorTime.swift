private import Glibc

/// The processor's time, as against the clock on the wall.
public enum ProcessorTime {
  /// What all threads of the process have used so far, in their own code and in the system's for them.
  ///
  /// C counterpart: `clock_gettime` with `CLOCK_PROCESS_CPUTIME_ID`.
  public static var ofThisProcess: Duration {
    var time = timespec()
    guard unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return .zero }
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
}
