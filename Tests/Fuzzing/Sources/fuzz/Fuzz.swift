import CLibFuzzer
import Platform

/// Runs libFuzzer on one domain.
///
///     fuzz --domain=NAME [libFuzzer's own flags] [directories of a corpus, or files]
///     fuzz --domain=NAME --walk=REPRODUCER FILE...
///     fuzz --list
///
/// With files instead of directories, each is run once: so a crash is run again. `--walk` runs what
/// ``Walk`` makes of each file; the input on which it ends is in the file REPRODUCER. libFuzzer leaves flags with two dashes to others, and hands them on to
/// the processes that it starts.
@main
enum Fuzz {
  static func main() {
    if CommandLine.arguments.contains("--list") {
      for domain in Domain.allCases { print(domain.rawValue) }
      return
    }
    // Said at once, not at the first input.
    _ = domain
    if let path = value(of: "--walk=") { return walk(reproducer: path) }
    var count = CommandLine.argc
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? =
      unsafe CommandLine
      .unsafeArgv
    _ = unsafe LLVMFuzzerRunDriver(&count, &arguments) { start, count in
      unsafe Fuzz.domain.check(UnsafeRawBufferPointer(start: start, count: count))
      return 0
    }
  }

  /// The domain that the command line names.
  private static let domain: Domain = {
    guard let domain = value(of: "--domain=").flatMap({ Domain(rawValue: $0) }) else {
      let names = Domain.allCases.map(\.rawValue).joined(separator: ", ")
      fatalError("--domain wants one of \(names)")
    }
    return domain
  }()

  private static func value(of flag: String) -> String? {
    let argument = CommandLine.arguments.last { $0.hasPrefix(flag) }
    return argument.map { String($0.dropFirst(flag.count)) }
  }

  private static func walk(reproducer path: String) {
    do throws(SystemError) {
      var walk = Walk(domain, reproducer: try Reproducer(path))
      for path in CommandLine.arguments.dropFirst() where !path.hasPrefix("--") {
        walk.run(try FileBytes.read(path))
      }
      print("\(domain.rawValue): \(walk.count) inputs")
    } catch {
      fatalError("\(error)")
    }
  }
}
