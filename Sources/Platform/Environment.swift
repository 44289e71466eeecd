private import Glibc

/// The variables that this process was started with.
public enum Environment {
  /// A variable's value; nil where it is not set.
  public static func value(of name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }
}
