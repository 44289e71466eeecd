internal import ArgumentParser

/// Whom an answer is for: people, or machines.
enum AnswerFormat: String, ExpressibleByArgument, CaseIterable {
  case text, json
}
