private import Glibc

/// The processor's time, as against the clock on the wall.
public enum ProcessorTime {
  /// What all threads of the process have used so far, in their own code and in the system's for them.
  ///
  /// C counterpart: `clock_gettime` with `CLOCK_PROCESS_CPUTIME_ID`.
  public static var ofThisProcess: Duration { time(of: CLOCK_PROCESS_CPUTIME_ID) }

  /// What this thread has used so far.
  ///
  /// C counterpart: `clock_gettime` with `CLOCK_THREAD_CPUTIME_ID`.
  public static var ofThisThread: Duration { time(of: CLOCK_THREAD_CPUTIME_ID) }

  private static func time(of clock: clockid_t) -> Duration {
    var time = timespec()
    guard unsafe clock_gettime(clock, &time) == 0 else { return .zero }
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
}
