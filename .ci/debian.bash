# shellcheck shell=bash
# For checks that need packages of a Debian release other than by installing them on this machine.

# Writes the mirror that this machine installs Debian from; where it is no Debian, the general one.
debian_mirror() {
  # shellcheck disable=SC2016 # apt fills these in
  apt-get indextargets --format '$(LABEL) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk '$1 == "Debian" && $2 == "main" && !mirror { mirror = $3 }
         END { print mirror ? mirror : "http://deb.debian.org/debian" }'
}
