import FoundationEssentials
import TestSupport
import Testing

/// The built program, which says what is wrong with its flags.
@Suite("Flags")
struct FlagTests {
  /// The program stands beside the tests.
  private static let program: String = {
    let tests = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let directory = (tests ?? "").split(separator: "/").dropLast().joined(separator: "/")
    return "/\(directory)/kube-iptables-exporter"
  }()

  private static let rules = Fixture("legacy-1.28/a-01-baseline.rules").path

  /// How the program ends that gets these words, and what it writes to its standard error.
  private func end(_ words: [String]) -> Command.Failure? {
    do {
      // One whose flags are taken by mistake would serve for ever.
      try Command.run(["timeout", "30", Self.program] + words)
      return nil
    } catch {
      return error
    }
  }

  @Test(
    "Are refused in one line, with status 64",
    arguments: [
      ("--web.listen-address nonsense", "has no port"),
      ("--web.max-requests=-1", "--web.max-requests can't be negative"),
      ("--web.telemetry-path metrics", "--web.telemetry-path must be a path such as /metrics"),
      ("--web.telemetry-path /", "--web.telemetry-path must be a path such as /metrics"),
      ("--web.telemetry-path /a?b", "--web.telemetry-path must be a path such as /metrics"),
      ("--web.telemetry-path /a#b", "--web.telemetry-path must be a path such as /metrics"),
      ("--web.telemetry-path /-/healthy", "--web.telemetry-path can't be /-/healthy"),
      ("--web.telemetry-path /-/ready", "--web.telemetry-path can't be /-/ready"),
      ("--watch-interval 0.009", "--watch-interval must be 0, or 0.01 to 86400 seconds"),
      ("--watch-interval=-1", "--watch-interval must be 0, or 0.01 to 86400 seconds"),
      ("--watch-interval nan", "--watch-interval must be 0, or 0.01 to 86400 seconds"),
      ("--watch-interval 86401", "--watch-interval must be 0, or 0.01 to 86400 seconds"),
      ("metrics --services.limit=-1", "--services.limit can't be negative"),
      ("metrics --rules.limit=-1", "--rules.limit can't be negative"),
      ("metrics --rules.table mangle", "--rules.table names a table that --tables doesn't"),
      ("metrics --tables nat,nonsense", "The value 'nat,nonsense' is invalid for '--tables"),
      ("metrics --tables nat,", "The value 'nat,' is invalid for '--tables"),
      ("metrics --source nonsense", "The value 'nonsense' is invalid for '--source"),
      ("metrics --source file:", "The value 'file:' is invalid for '--source"),
      (
        "metrics --source kernel --source file:a",
        "--source kernel can't be combined with another source"
      ),
      ("metrics --source file:a --backend nft", "--backend can't be combined with --source file:"),
      ("metrics --backend nonsense", "one of 'auto', 'legacy', 'nft' or 'both'"),
      ("metrics --services.include (", "not a regular expression: missing closing parenthesis"),
      ("metrics --services.exclude [", "not a regular expression: missing terminating ]"),
      ("metrics --rules.comment (", "not a regular expression: missing closing parenthesis"),
      ("metrics --rules.chain [", "not a regular expression: missing terminating ]"),
      ("metrics --log.level loud", "The value 'loud' is invalid for '--log.level"),
      ("metrics --log.format xml", "The value 'xml' is invalid for '--log.format"),
      ("metrics --format xml", "The value 'xml' is invalid for '--format"),
      ("check --source kernel a", "--source kernel can't be combined with files"),
      ("check --backend nft a", "--backend can't be combined with files"),
      ("show --tree --format json", "--format json has all that --tree shows"),
      ("show --source file:a", "--source is not for this command: name the files themselves"),
      ("show --backend both", "--backend both is nothing that can be shown as one rule set"),
      ("show --service (", "not a regular expression: missing closing parenthesis"),
      ("diff", "name two rule sets, or one to compare with the kernel's, or --live"),
      ("diff a b c", "name two rule sets, or one to compare with the kernel's, or --live"),
      ("diff --live 30s a", "--live compares the kernel's rules; it takes no files"),
      ("diff --live 30d", "The value '30d' is invalid for '--live"),
      ("diff --live=-1", "The value '-1' is invalid for '--live"),
      ("diff --live 604801", "The value '604801' is invalid for '--live"),
      ("--nonsense", "nonsense"),
    ])
  func refused(_ words: String, _ fault: String) throws {
    let failure = end(words.split(separator: " ").map(String.init))
    let end = try #require(failure, "it was taken")
    #expect(end.status == 64)
    #expect(end.words.hasPrefix("kube-iptables-exporter: "))
    #expect(end.words.contains(fault), "\(end.words)")
    #expect(end.words.hasSuffix(" (see --help)\n"))
    #expect(end.words.count { $0 == "\n" } == 1)
  }

  @Test(
    "Of the server's, the last that are right are taken",
    arguments: [
      "--watch-interval 0", "--watch-interval 0.01", "--watch-interval 86400",
      "--web.max-requests 0", "--web.telemetry-path /-/metrics", "--web.listen-address [::1]:0",
    ])
  func serving(_ words: String) throws {
    // What ends it is a file that isn't there, which is looked for after the flags.
    let failure = end(
      words.split(separator: " ").map(String.init) + ["--web.config.file", "/nowhere/web.yml"])
    let end = try #require(failure)
    #expect(end.status == 1)
    #expect(end.words.contains("/nowhere/web.yml: cannot read it: No such file"), "\(end.words)")
  }

  @Test(
    "Of those that choose, the last that are right are taken",
    arguments: [
      "--services.limit 0", "--rules.limit 0", "--tables nat,filter,mangle,raw,security",
      "--tables mangle --rules.table mangle", "--collector.rules --rules.chain ^KUBE-",
      "--no-collector.anomalies", "--services.include ^default/ --services.exclude dns$",
    ])
  func choosing(_ words: String) {
    let end = end(
      ["metrics", "--source", "file:" + Self.rules] + words.split(separator: " ").map(String.init))
    #expect(end == nil, "\(end?.description ?? "")")
  }
}
