import FoundationEssentials
import TestSupport
import Testing

/// The built program, which stands beside the tests.
let program: String = {
  let tests = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
  let directory = (tests ?? "").split(separator: "/").dropLast().joined(separator: "/")
  return "/\(directory)/kube-iptables-exporter"
}()

/// The built program, which says what is wrong with its flags.
@Suite("Flags")
struct FlagTests {
  private static let rules = Fixture("legacy-1.28/a-01-baseline.rules").path

  /// How the program ends that gets these words, and what it writes to its standard error.
  private func end(_ words: [String]) -> Command.Failure? {
    do {
      // One whose flags are taken by mistake would serve for ever.
      try Command.run(["timeout", "30", program] + words)
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
      ("--watch-interval 0.009", "--watch-interval must be 0, or 10ms to 24h"),
      ("--watch-interval 9ms", "--watch-interval must be 0, or 10ms to 24h"),
      ("--watch-interval=-1", "it must be a time such as 500ms, 30s, 5m, 1h or 1m30s"),
      ("--watch-interval nan", "it must be a time such as 500ms, 30s, 5m, 1h or 1m30s"),
      ("--watch-interval 1m30", "it must be a time such as 500ms, 30s, 5m, 1h or 1m30s"),
      ("--watch-interval 86401", "--watch-interval must be 0, or 10ms to 24h"),
      ("--watch-interval 24h1s", "--watch-interval must be 0, or 10ms to 24h"),
      ("--watch-interval 2s --source file:a", "--watch-interval does nothing with --source file:"),
      ("--web.max-requests many", "'--web.max-requests <n>': it must be a whole number"),
      ("metrics --services.limit=-1", "--services.limit can't be negative"),
      ("metrics --rules.limit=-1", "--rules.limit can't be negative"),
      ("metrics --services.limit ten", "'--services.limit <n>': it must be a whole number"),
      ("metrics --rules.limit 1", "--rules.limit does nothing without --collector.rules"),
      (
        "metrics --no-collector.services --no-collector.connections --services.limit 1",
        "--services.limit does nothing without one of --collector.services, --collector.endpoints"
      ),
      (
        "metrics --web.max-requests 1",
        "Unknown option '--web.max-requests': it is a flag of the server"
      ), ("metrics --web.telemetry-path=/a", "it is a flag of the server"),
      (
        "metrics --collector.rules --rules.table mangle",
        "--rules.table names a table that --tables doesn't"
      ),
      ("metrics --tables nat,nonsense", "The value 'nat,nonsense' is invalid for '--tables"),
      ("metrics --tables nat,", "The value 'nat,' is invalid for '--tables"),
      (
        "metrics --tables nta",
        "no table is called 'nta': the tables are nat, filter, mangle, raw, security"
      ),
      ("metrics --source nonsense", "The value 'nonsense' is invalid for '--source"),
      ("metrics --source a", "it must be kernel or file:PATH"),
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
      ("check --conntrack a", "--conntrack can't be combined with files"),
      ("check --conntrack --backend both", "--conntrack can't be combined with --backend both"),
      ("show --connections a", "--connections can't be combined with files"),
      ("show --connections --tree", "--connections can't be combined with --tree"),
      ("--conntrack-interval 1s", "--conntrack-interval must be 0, or 2s to 24h"),
      ("check --service (", "not a regular expression: missing closing parenthesis"),
      ("check - -", "standard input can be read once"),
      ("check --format table", "Please provide one of 'text' and 'json'"),
      ("show --tree --format json", "--format json has all that --tree shows"),
      ("show --source file:a", "--source is not for this command: name the files themselves"),
      ("show --backend both", "Please provide one of 'auto', 'legacy' or 'nft'"),
      ("show --backend nft a", "--backend can't be combined with files"),
      ("show --format xml", "Please provide one of 'text' and 'json'"),
      ("show --color always --format json", "which has no colours"),
      ("show --color red", "Please provide one of 'auto', 'always' or 'never'"),
      ("show --log.level debug", "Unknown option '--log.level'"),
      ("show --service (", "not a regular expression: missing closing parenthesis"),
      ("diff", "name two rule sets, or one to compare with the kernel's, or --live"),
      ("diff a b c", "name two rule sets, or one to compare with the kernel's, or --live"),
      ("diff --live 30s a", "--live compares the kernel's rules; it takes no files"),
      ("diff --backend nft a b", "--backend can't be combined with files"),
      ("diff --live 1m30s a", "--live compares the kernel's rules; it takes no files"),
      ("diff --live 500ms a", "--live compares the kernel's rules; it takes no files"),
      ("diff --live 168h1s", "it must be at most 168h"),
      ("migrate - -", "standard input can be read once"),
      ("migrate --format xml", "Please provide one of 'text' and 'json'"),
      ("migrate --color always --format json", "which has no colours"),
      ("migrate --backend nft", "Unknown option '--backend'"),
      ("migrte", "Unknown subcommand 'migrte'. Did you mean 'migrate'?"),
      ("save --backend both", "Please provide one of 'auto', 'legacy' or 'nft'"),
      ("save --ipv6 --family all", "--ipv6 is --family ipv6: use one of them"),
      ("save kernel a", "the kernel's rules can't be mixed with a file's"),
      ("save --backend nft a", "--backend can't be combined with files"),
      ("explain", "name a packet's source and destination: SRC DST, or --from and DST"),
      ("explain 10.0.0.1", "name a packet's source and destination: SRC DST, or --from and DST"),
      ("explain --from pod", "name a packet's destination: DST"),
      ("explain pod 10.0.0.1:80 a", "SRC: 'pod' is neither an address nor NODE; --from pod, node"),
      ("explain --from somewhere 10.0.0.1:80", "Please provide one of 'pod', 'node' or 'outside'"),
      ("explain --from pod a/b --via x", "one of 'cluster', 'nodeport', 'external' or 'loadbal"),
      ("explain NODE a/b --node-address x", "it must be an IPv4 or IPv6 address"),
      ("explain NODE 10.0.0.1:80 a --backend nft", "--backend can't be combined with files"),
      ("explain NODE 10.0.0.1:80 kernel a", "the kernel's rules can't be mixed with a file's"),
      ("explain NODE 10.0.0.1:80 - -", "standard input can be read once"),
      ("explain NODE 10.0.0.1:80 --color always --format json", "which has no colours"),
      (
        "explain --from pod foo \(rules)",
        "DST: 'foo' is neither an address, NODE nor a service port"
      ),
      ("explain --frm pod foo", "Unknown option '--frm'. Did you mean '--from'?"),
      ("shwo", "Unknown subcommand 'shwo'. Did you mean 'show'?"),
      ("chekc --format json", "Unknown subcommand 'chekc'. Did you mean 'check'?"),
      ("--backend nft dif", "Unknown subcommand 'dif'. Did you mean 'diff'?"),
      ("nonsense", "The subcommands are metrics, show, diff, check, explain, migrate, save"),
      ("--backend nft show", "The subcommand 'show' must stand first, before its flags"),
      ("diff a b --sevice x", "Unknown option '--sevice'. Did you mean '--service'?"),
      ("show a --formt json", "Unknown option '--formt'. Did you mean '--format'?"),
      ("check a --tabels nat", "Unknown option '--tabels'. Did you mean '--tables'?"),
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
      "--watch-interval 10ms", "--watch-interval 24h", "--watch-interval 1m30s",
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
      "--services.limit 0", "--collector.rules --rules.limit 0",
      "--tables nat,filter,mangle,raw,security",
      "--tables mangle --collector.rules --rules.table mangle",
      "--collector.rules --rules.chain ^KUBE-",
      "--no-collector.anomalies", "--services.include ^default/ --services.exclude dns$",
      "--no-since-last-scrape",
    ])
  func choosing(_ words: String) {
    let end = end(
      ["metrics", "--source", "file:" + Self.rules] + words.split(separator: " ").map(String.init))
    #expect(end == nil, "\(end?.description ?? "")")
  }
}
