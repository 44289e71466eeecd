import Netfilter
import PacketWalk

extension WalkTests {
  static let cases = [
    Case(name: "no rules", ends: ["sent 100 10.96.0.10:53"]),
    Case(
      name: "a translation, by way of chains",
      nat: """
        -A PREROUTING -j KUBE-SERVICES
        -A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m udp --dport 53 -j KUBE-SVC-A
        -A KUBE-SVC-A -j DNAT --to-destination 10.244.0.2:5353
        """, ends: ["sent 100 10.244.0.2:5353"]),
    Case(
      name: "shares",
      nat: """
        -A PREROUTING -m statistic --mode random --probability 0.25000000000 -j DNAT --to-destination 10.0.0.1
        -A PREROUTING -j DNAT --to-destination 10.0.0.2
        """, ends: ["sent 75 10.0.0.2:53", "sent 25 10.0.0.1:53"]),
    Case(
      name: "every third",
      nat: "-A PREROUTING -m statistic --mode nth --every 4 -j DNAT --to-destination 10.0.0.1",
      ends: ["sent 75 10.96.0.10:53", "sent 25 10.0.0.1:53"]),
    Case(
      name: "what is not known goes both ways",
      filter: "-A FORWARD -m set --match-set some src -j DROP",
      ends: ["dropped? 100 10.96.0.10:53", "sent? 100 10.96.0.10:53"]),
    Case(
      name: "what is not known, and doesn't matter",
      filter: """
        -A FORWARD -m set --match-set some src -j LOG
        -A FORWARD -m limit --limit 3/hour -j KUBE-EMPTY
        """, ends: ["sent 100 10.96.0.10:53"]),
    Case(
      name: "a return, and a goto",
      filter: """
        -A FORWARD -j KUBE-A
        -A FORWARD -j REJECT --reject-with icmp-port-unreachable
        -A KUBE-A -g KUBE-B
        -A KUBE-A -j DROP
        -A KUBE-B -j RETURN
        -A KUBE-B -j DROP
        """, ends: ["rejected 100 10.96.0.10:53"]),
    Case(
      name: "a goto in a built-in chain ends in the policy",
      filter: """
        -A FORWARD -g KUBE-A
        -A FORWARD -j DROP
        """, ends: ["sent 100 10.96.0.10:53"]),
    Case(
      name: "a mark that is set and asked for",
      nat: "-A PREROUTING -j MARK --set-xmark 0x4000/0x4000",
      filter: """
        -A FORWARD -m mark ! --mark 0x4000/0x4000 -j DROP
        -A FORWARD -m mark --mark 0x4000/0xc000 -j REJECT --reject-with icmp-port-unreachable
        """, ends: ["rejected 100 10.96.0.10:53"]),
    Case(
      name: "a mark that a connection keeps",
      nat: """
        -A PREROUTING -j MARK --set-xmark 0x2a/0xffffffff
        -A PREROUTING -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff
        -A PREROUTING -j MARK --set-xmark 0x0/0xffffffff
        """,
      filter: """
        -A FORWARD -m mark ! --mark 0x0 -j ACCEPT
        -A FORWARD -m connmark --mark 0x2a -j DROP
        """, ends: ["dropped 100 10.96.0.10:53"]),
    Case(
      name: "a mark that nobody knows",
      nat: "-A PREROUTING -j HMARK --hmark-mod 2 --hmark-offset 1 --hmark-rnd 0x1",
      filter: "-A FORWARD -m mark --mark 0x1/0x1 -j DROP",
      ends: ["dropped? 100 10.96.0.10:53", "sent? 100 10.96.0.10:53"]),
    Case(
      name: "the state of a new connection",
      filter: """
        -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
        -A FORWARD -m conntrack --ctstate INVALID -j ACCEPT
        -A FORWARD -m conntrack --ctstate DNAT -j ACCEPT
        -A FORWARD -m conntrack --ctstate NEW,UNTRACKED -j DROP
        """, ends: ["dropped 100 10.96.0.10:53"]),
    Case(
      name: "the state of a translated connection",
      nat: "-A PREROUTING -j DNAT --to-destination 10.0.0.1:53",
      filter: """
        -A FORWARD -m conntrack ! --ctstate DNAT -j DROP
        -A FORWARD -m conntrack --ctorigdst 10.96.0.10 --ctorigdstport 53 -j REJECT --reject-with icmp-port-unreachable
        """, ends: ["rejected 100 10.0.0.1:53"]),
    Case(
      name: "the node's own packets, and an address of its own",
      nat: """
        -A PREROUTING -j DNAT --to-destination 10.0.0.9
        -A OUTPUT -m addrtype --dst-type LOCAL -j DNAT --to-destination 10.0.0.1:53
        """, destination: "192.168.0.1", origin: .node, ends: ["sent 100 10.0.0.1:53"]),
    Case(
      name: "what the node sends to itself comes in again",
      nat: "-A PREROUTING -j DNAT --to-destination 10.0.0.9",
      filter: """
        -A OUTPUT ! -o lo -j DROP
        -A INPUT -i lo -p udp -m udp --dport 53 -m conntrack --ctstate NEW --ctstatus CONFIRMED -j REJECT --reject-with icmp-port-unreachable
        """, destination: "127.0.0.1", origin: .node, ends: ["rejected 100 127.0.0.1:53"]),
    Case(
      name: "a redirection is delivered here",
      nat: "-A PREROUTING -p udp -j REDIRECT --to-ports 15001", filter: "-A FORWARD -j DROP",
      ends: ["here 100 10.96.0.10:15001"]),
    Case(
      name: "a loop",
      filter: """
        -A FORWARD -j KUBE-A
        -A KUBE-A -j KUBE-B
        -A KUBE-B -j KUBE-A
        """, ends: ["loop 100 10.96.0.10:53"]),
    Case(
      name: "several ports, ranges of addresses, kinds of addresses",
      filter: """
        -A FORWARD -p udp -m multiport --dports 54,60:70 -j DROP
        -A FORWARD -m iprange --dst-range 10.96.0.11-10.96.0.99 -j DROP
        -A FORWARD -m addrtype --dst-type LOCAL,MULTICAST -j DROP
        -A FORWARD -m addrtype ! --src-type UNICAST -j DROP
        -A FORWARD -p udp -m multiport --ports 1:52,53 -m iprange --dst-range 10.96.0.0-10.96.0.10 -m addrtype --dst-type UNICAST -j REJECT --reject-with icmp-port-unreachable
        """, ends: ["rejected 100 10.96.0.10:53"]),
    Case(
      name: "the first packet of a TCP connection",
      filter: """
        -A FORWARD -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j DROP
        -A FORWARD -p tcp -m tcp --tcp-flags SYN,ACK ACK -j DROP
        -A FORWARD -p tcp -m tcp --dport 53 --tcp-flags RST NONE -j REJECT --reject-with tcp-reset
        """, ipProtocol: 6, ends: ["rejected 100 10.96.0.10:53"]),
    Case(
      name: "no mark of a connection where there is none, not even another one",
      filter: """
        -A FORWARD -m connmark ! --mark 0x1 -j DROP
        -A FORWARD -m mark --mark 0x2 -j REJECT --reject-with icmp-port-unreachable
        """,
      others: [
        .raw: """
        -A PREROUTING -j MARK --set-xmark 0x2/0xffffffff
        -A PREROUTING -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff
        """
      ], connection: .invalid, ends: ["rejected 100 10.96.0.10:53"]),
    Case(
      name: "a mark that is to be restored and shifted stays where there is no connection",
      filter: "-A FORWARD -m mark --mark 0x2 -j REJECT --reject-with icmp-port-unreachable",
      others: [
        .raw: """
        -A PREROUTING -j MARK --set-xmark 0x2/0xffffffff
        -A PREROUTING -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff \
        --left-shift-mark 1
        """
      ], ends: ["rejected 100 10.96.0.10:53"]),
    Case(
      name: "a mark is not set before there is a connection",
      filter: "-A FORWARD -m connmark --mark 0x1 -j DROP",
      others: [.raw: "-A PREROUTING -j CONNMARK --set-xmark 0x1/0xffffffff"],
      ends: ["sent 100 10.96.0.10:53"]),
    Case(
      name: "of two rules about the tracking the first one holds",
      filter: """
        -A FORWARD -m conntrack --ctstate UNTRACKED -j DROP
        -A FORWARD -m mark --mark 0x1 -j REJECT --reject-with icmp-port-unreachable
        """,
      others: [
        .raw: """
        -A PREROUTING -m conntrack --ctstate NEW -j DROP
        -A PREROUTING -j CT --zone 3
        -A PREROUTING -j CT --notrack
        -A PREROUTING -m conntrack --ctstate NEW -j MARK --set-xmark 0x1/0xffffffff
        """
      ], ends: ["rejected 100 10.96.0.10:53"]),
    Case(
      name: "what connection tracking refused may be left untracked when it comes again",
      filter: "-A INPUT -m conntrack --ctstate UNTRACKED -j DROP",
      others: [.raw: "-A PREROUTING -j CT --notrack"], destination: "127.0.0.1", origin: .node,
      connection: .invalid, ends: ["dropped 100 127.0.0.1:53"]),
    Case(
      name: "earlier packets of a connection may have left a mark",
      filter: "-A FORWARD -m connmark --mark 0x1 -j DROP", connection: .established,
      ends: ["dropped? 100 10.96.0.10:53", "sent? 100 10.96.0.10:53"]),
    Case(
      name: "a connection that exists may have been begun by the other side",
      filter: "-A FORWARD -m conntrack --ctorigdst 10.96.0.10 -j DROP", connection: .established,
      ends: ["dropped? 100 10.96.0.10:53", "sent? 100 10.96.0.10:53"]),
    Case(
      name: "a redirection goes to an address that is not known",
      nat: "-A PREROUTING -j REDIRECT",
      filter: """
        -A INPUT -m addrtype ! --dst-type LOCAL -j DROP
        -A INPUT -d 192.168.0.1/32 -j DROP
        """, ends: ["dropped? 100 10.96.0.10:53", "here? 100 10.96.0.10:53"]),
    Case(
      name: "a redirection of the node's own packets goes to the loopback address",
      nat: "-A OUTPUT -j REDIRECT",
      filter: """
        -A OUTPUT -o lo -j REJECT --reject-with icmp-port-unreachable
        -A OUTPUT -d 127.0.0.1/32 -j DROP
        """, origin: .node, ends: ["dropped 100 127.0.0.1:53"]),
    Case(
      name: "a port of a range may be the one that was asked for",
      nat: "-A PREROUTING -p udp -j DNAT --to-destination :50-60",
      filter: "-A FORWARD -m conntrack --ctstate DNAT -j DROP",
      ends: ["dropped? 100 10.96.0.10:-", "sent? 100 10.96.0.10:-"]),
    Case(
      name: "a set may give a mark",
      filter: "-A FORWARD -m mark --mark 0x1 -j DROP",
      others: [.mangle: "-A PREROUTING -j SET --map-set some src --map-mark"],
      ends: ["dropped? 100 10.96.0.10:53", "sent? 100 10.96.0.10:53"]),
    Case(
      name: "an address of IPv6 has all types that are named",
      filter: """
        -A INPUT -m addrtype --dst-type LOCAL,MULTICAST -j DROP
        -A INPUT -m addrtype ! --dst-type UNICAST -j DROP
        -A INPUT -m addrtype --dst-type UNICAST,LOCAL -j REJECT --reject-with icmp6-port-unreachable
        """, destination: "fd00::1", ends: ["rejected 100 fd00::1:53"]),
    Case(
      name: "an address of zeros is broadcast",
      filter: """
        -A FORWARD -m addrtype --dst-type UNSPEC,UNICAST -j REJECT --reject-with icmp-port-unreachable
        -A FORWARD -m addrtype --dst-type BROADCAST -j DROP
        """, destination: "0.0.0.0", ends: ["dropped 100 0.0.0.0:53"]),
  ]
}
