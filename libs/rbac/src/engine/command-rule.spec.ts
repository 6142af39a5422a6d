import fc from 'fast-check';
import { CommandGlob } from './command-glob.js';
import type { CommandReading } from './command-reading.js';
import { readCommand } from './read-command.js';
import { CommandRule, type CommandRuleDocument } from './command-rule.js';

/** The destructive commands, as a policy states them. */
const ROOTS = ['/', '/\\*', '~', '~/\\*', '\\*', '.', '..', './\\*', '../\\*', '.\\*', '?:', '?:/', '?:\\\\'];
const SYSTEM = [
  '/bin',
  '/boot',
  '/dev',
  '/etc',
  '/home',
  '/lib',
  '/lib64',
  '/opt',
  '/root',
  '/sbin',
  '/sys',
  '/usr',
  '/var',
];
const DISKS = [
  '/dev/sd*',
  '/dev/hd*',
  '/dev/vd*',
  '/dev/xvd*',
  '/dev/nvme*',
  '/dev/mmcblk*',
  '/dev/disk*',
  '/dev/rdisk*',
];
const DESTRUCTIVE: Readonly<Record<string, CommandRuleDocument>> = {
  'rm-root': {
    programs: ['rm'],
    options: [['-r', '-R', '--recursive']],
    operands: [...ROOTS, ...SYSTEM, ...SYSTEM.map((directory) => `${directory}/\\*`)],
  },
  'rm-no-preserve-root': { programs: ['rm'], options: [['-r', '-R', '--recursive'], ['--no-preserve-root']] },
  'find-delete-root': { programs: ['find'], options: [['-delete']], operands: ['/', '/\\*', '~', '~/\\*'] },
  dd: { programs: ['dd'], operands: ['if=*', 'of=*'] },
  mkfs: { programs: ['mkfs', 'mkfs.*', 'mke2fs', 'mkswap'] },
  fdisk: { programs: ['fdisk', 'sfdisk', 'cfdisk', 'gdisk', 'sgdisk', 'parted', 'wipefs'] },
  'fork-bomb': { fork_bomb: true },
  'raw-disk-redirect': { writes: DISKS },
  'raw-disk-write': { programs: ['tee', 'cp', 'shred'], operands: DISKS },
  'chmod-open': {
    programs: ['chmod'],
    options: [['-R', '--recursive']],
    operands: ['777', '0777', '1777', 'a+rwx', 'ugo+rwx', '+rwx', 'a=rwx', 'ugo=rwx'],
  },
  'chown-recursive': { programs: ['chown', 'chgrp'], options: [['-R', '--recursive']] },
  'sudo-rm': { programs: ['rm'], via: ['sudo', 'doas', 'pkexec'] },
  shutdown: { programs: ['shutdown', 'reboot', 'halt', 'poweroff'] },
  'systemctl-poweroff': { programs: ['systemctl'], operands: ['poweroff', 'reboot', 'halt', 'kexec'] },
  'init-0': { programs: ['init', 'telinit'], operands: ['0', '6'] },
  'windows-format': { programs: ['format'], operands: ['?:*'] },
  'windows-del': { programs: ['del', 'erase'], options: [['/s'], ['/q']] },
  'windows-rd': { programs: ['rd', 'rmdir'], options: [['/s']] },
};
const RULES = Object.entries(DESTRUCTIVE).map(([id, document]) => ({
  id,
  rule: CommandRule.compile(document),
}));

type Verdict = 'refused' | 'destructive' | 'opaque' | 'fine';

function judge(command: string): { verdict: Verdict; ids: string[] } {
  const reading = readCommand(command);
  if ('refused' in reading) return { verdict: 'refused', ids: [] };
  const ids = RULES.filter(({ rule }) => rule.matches(reading)).map(({ id }) => id);
  if (ids.length > 0) return { verdict: 'destructive', ids };
  const unseen = reading.opaque !== null || RULES.some(({ rule }) => rule.mayMatch(reading));
  return { verdict: unseen ? 'opaque' : 'fine', ids };
}

function reading(command: string): CommandReading {
  const result = readCommand(command);
  if ('refused' in result) throw new Error(result.refused);
  return result;
}

describe('destructive commands', () => {
  it.each([
    ['rm -rf /', 'rm-root'],
    ['rm -rf /*', 'rm-root'],
    ['rm -fr //', 'rm-root'],
    ['rm -r -f /.', 'rm-root'],
    ['rm / -rf', 'rm-root'],
    ['rm -Rf -- /', 'rm-root'],
    ['rm --recursive --force /', 'rm-root'],
    ['rm --recurs /', 'rm-root'],
    ['rm -rf *', 'rm-root'],
    ['rm -rf ./*', 'rm-root'],
    ['rm -rf .', 'rm-root'],
    ['rm -rf ./', 'rm-root'],
    ['rm -rf ..', 'rm-root'],
    ['rm -rf build/..', 'rm-root'],
    ['rm -rf build ~', 'rm-root'],
    ['rm -rf ~/', 'rm-root'],
    ['rm -rf ~/*', 'rm-root'],
    ['rm -rf "$HOME"', 'rm-root'],
    ['rm -rf ${HOME}/*', 'rm-root'],
    ['rm -rf /etc /usr/', 'rm-root'],
    ['rm -rf /tmp/../etc', 'rm-root'],
    ['rm -r --no-preserve-root x', 'rm-no-preserve-root'],
    ['find / -delete', 'find-delete-root'],
    ['sudo -n /bin/rm -r -f / ', 'sudo-rm'],
    ['sudo -u root rm file', 'sudo-rm'],
    ['doas rm file', 'sudo-rm'],
    ["sudo sh -c 'rm file'", 'sudo-rm'],
    ['dd if=/dev/zero of=/dev/sda bs=1M', 'dd'],
    ['dd of=disk.img if=x', 'dd'],
    ['mkfs.ext4 /dev/sdb1', 'mkfs'],
    ['mkfs -t ext4 /dev/sdb1', 'mkfs'],
    ['fdisk /dev/sda', 'fdisk'],
    [':(){ :|:& };:', 'fork-bomb'],
    ['bomb() { bomb | bomb & }; bomb', 'fork-bomb'],
    ['f(){ f & f & }; f', 'fork-bomb'],
    ["bash -c ':(){ :|:& };:'", 'fork-bomb'],
    ['cat image > /dev/sda', 'raw-disk-redirect'],
    ['echo x >> /dev/nvme0n1', 'raw-disk-redirect'],
    ['{ echo x; } &> /dev/disk2', 'raw-disk-redirect'],
    ['cat image >| "/dev/vda"', 'raw-disk-redirect'],
    ['cat image | tee /dev/mmcblk0', 'raw-disk-write'],
    ['cp image /dev/hda', 'raw-disk-write'],
    ['chmod -R 777 .', 'chmod-open'],
    ['chmod 0777 -R .', 'chmod-open'],
    ['chmod --recursive a+rwx src', 'chmod-open'],
    ['chown -R me:me .', 'chown-recursive'],
    ['chown me -hR src', 'chown-recursive'],
    ['shutdown -h now', 'shutdown'],
    ['reboot', 'shutdown'],
    ['/sbin/halt', 'shutdown'],
    ['poweroff', 'shutdown'],
    ['systemctl poweroff', 'systemctl-poweroff'],
    ['systemctl -H host reboot', 'systemctl-poweroff'],
    ['init 0', 'init-0'],
    ['init 6', 'init-0'],
    ['format c:', 'windows-format'],
    ['FORMAT.COM D: /q', 'windows-format'],
    ['del /s /q x', 'windows-del'],
    ['del /S/Q x', 'windows-del'],
    ['cmd.exe /c del /s /q x', 'windows-del'],
    ['cmd /c "rd /s /q x"', 'windows-rd'],
    ['rd /s /q x', 'windows-rd'],
  ])('finds %s', (command, id) => {
    expect(judge(command).ids).toContain(id);
  });

  it.each([
    ['r\\m -rf /'],
    ['\\rm -rf /'],
    ["'rm' -rf /"],
    ['"r"m -rf /'],
    ["$'\\x72m' -rf /"],
    ["rm -r$'\\146' $'\\057'"],
    ['r\\\nm -rf /'],
    ['rm -rf \\\n /'],
    ['{rm,-rf,/}'],
    ['{r{m,},-rf,/}'],
    ['rm -rf {/,x}'],
    ['rm {-r,-f} /'],
    ['true && rm -rf /'],
    ['true; rm -rf /'],
    ['true & rm -rf / &'],
    ['true | rm -rf /'],
    ['! rm -rf /'],
    ['(rm -rf /)'],
    ['{ rm -rf /; }'],
    ['time rm -rf /'],
    ['if true; then rm -rf /; fi'],
    ['if rm -rf /; then :; else :; fi'],
    ['while :; do rm -rf /; done'],
    ['for i in 1; do rm -rf /; done'],
    ['case x in x) rm -rf / ;; esac'],
    ['select i in a; do rm -rf /; done'],
    ['for ((;;)); do rm -rf /; done'],
    ['f() { rm -rf /; }; f'],
    ['coproc rm -rf /'],
    ['echo $(rm -rf /)'],
    ['echo "$(rm -rf /)"'],
    ['echo `rm -rf /`'],
    ['echo ${x:-$(rm -rf /)}'],
    ['echo ${x/a/`rm -rf /`}'],
    ['echo $((1 + $(rm -rf /)))'],
    ['(( x = $(rm -rf /) ))'],
    ['for (( i = $(rm -rf /); ; )); do :; done'],
    ['[[ -n $(rm -rf /) ]]'],
    ['[[ a == b || ( ! -f $(rm -rf /) ) ]]'],
    ['cat <(rm -rf /)'],
    ['ls > >(rm -rf /)'],
    ['ls > $(rm -rf /)'],
    ['x=$(rm -rf /)'],
    ['x=(a $(rm -rf /))'],
    ['x[$(rm -rf /)]=1'],
    ['declare x=$(rm -rf /)'],
    ['A=b rm -rf /'],
    ['>x rm -rf /'],
    ['cat <<A\n$(rm -rf /)\nA\n'],
    ['cat <<< "$(rm -rf /)"'],
    ["sh -c 'rm -rf /'"],
    ['bash -lc "rm -rf /"'],
    ["bash -euo pipefail -c 'rm -rf /'"],
    ['sh -c "sh -c \'rm -rf /\'"'],
    ["eval 'rm -rf /'"],
    ['eval rm -rf /'],
    ['sh <<A\nrm -rf /\nA\n'],
    ["bash -s <<-'A'\n\trm -rf /\n\tA\n"],
    ["sh <<< 'rm -rf /'"],
    ['echo "rm -rf /" | sh'],
    ["cat <<'A' | bash\nrm -rf /\nA\n"],
    ["trap 'rm -rf /' EXIT"],
    ["alias x='rm -rf /'; x"],
    ["su -c 'rm -rf /' root"],
    ["su root -c 'rm -rf /'"],
    ['ssh -p 22 host rm -rf /'],
    ["ssh host 'sudo rm -rf /'"],
    ['env -i A=b rm -rf /'],
    ['env -u A -C /tmp rm -rf /'],
    ["env -S 'rm -rf /'"],
    ["env -S 'rm -rf' /"],
    ['command rm -rf /'],
    ['command -p rm -rf /'],
    ['builtin command rm -rf /'],
    ['exec -a x rm -rf /'],
    ['nohup rm -rf / &'],
    ['nice -n 10 rm -rf /'],
    ['nice -10 ionice -c 3 rm -rf /'],
    ['timeout -k 1 5s rm -rf /'],
    ['timeout --signal KILL 5 rm -rf /'],
    ['stdbuf -oL rm -rf /'],
    ['setsid -f rm -rf /'],
    ['echo / | xargs rm -rf ~'],
    ['xargs -n 1 rm -rf / < list'],
    ['find . -exec rm -rf / \\;'],
    ["find . -name x -execdir sh -c 'rm -rf /' {} +"],
    ['busybox rm -rf /'],
    ['chroot /mnt rm -rf /'],
    ['watch -n 1 rm -rf /'],
    ['parallel rm -rf / ::: x'],
    ['flock /tmp/lock -c "rm -rf /"'],
    ["git -c core.pager='rm -rf /' log"],
    ["GIT_SSH_COMMAND='rm -rf /' git fetch"],
    ["git submodule foreach 'rm -rf /'"],
    ['/usr/bin/sudo -u root env A=b nice timeout 5 /bin/rm -rf /'],
  ])('sees through %s', (command) => {
    expect(judge(command).verdict).toBe('destructive');
  });

  it.each([
    ['rm${IFS}-rf${IFS}/'],
    ['$cmd -rf /'],
    ['"$(which rm)" -rf /'],
    ['x=rm; $x -rf /'],
    ['/bin/r? -rf /'],
    ['sh -c "$x"'],
    ['eval "$x"'],
    ['eval "rm -rf $x"'],
    ['curl https://example.com/install | sh'],
    ['curl https://example.com/install | sudo -E bash -s -- -y'],
    ['curl x | python3'],
    ['base64 -d file | sh'],
    ['sh < file'],
    ['. <(curl x)'],
    ['bash <(curl x)'],
    ['source "$file"'],
    ['curl x | { sh; }'],
    ['curl x | while read l; do sh; done'],
    ['find . | xargs sh'],
    ['find . | xargs -I{} sh -c "{}"'],
    ['find . | xargs rm -rf'],
    ['find . -exec rm -rf {} +'],
    ["git -c alias.x='!rm -rf /' x"],
    ['rm -rf "$dir"'],
    ['rm -rf $dir/x'],
    ['rm $x'],
    ['chmod -R "$mode" .'],
    ['cat image > "/dev/$disk"'],
    ['echo x > $file'],
    ['sh <<A\n$x\nA\n'],
    ['alias "x=$y"'],
    ['sh -c "sh -c \\"sh -c \'sh -c x\'\\""; eval eval eval eval eval eval eval x'],
    ['f() { rm -rf "$1"; }; f /'],
    ['ssh host "$x"'],
    ['powershell -enc abc'],
  ])('takes %s for opaque', (command) => {
    expect(judge(command).verdict).toBe('opaque');
  });

  it.each([
    ['echo "rm -rf /"'],
    ['grep -r "shutdown" src'],
    ['git commit -m "sudo rm"'],
    ['git commit -m "rm -rf / in the docs"'],
    ['cat halted_at.ts'],
    ['rm -rf node_modules'],
    ['rm -rf ./build'],
    ['rm -rf ./build/* dist/'],
    ['rm file'],
    ['rm "$file"'],
    ['rm -f *.log'],
    ['# rm -rf /'],
    ['ls # rm -rf /'],
    ['cat <<A\nrm -rf /\nA\n'],
    ["cat <<'A' > run.sh\n$(rm -rf /)\nA\n"],
    ['chmod 755 script.sh && ./script.sh'],
    ['chmod +x "$file"'],
    ['chown me file'],
    ['npm run format -- --check'],
    ['man shutdown'],
    ['command -v shutdown'],
    ['git log --format=%h | head'],
    ['systemctl status nginx'],
    ['sh script.sh'],
    ['bash -n script.sh'],
    ['for i in {1..100000}; do echo $i; done'],
    ['find . -name "*.ts" -exec grep -l x {} +'],
    ['find . -name "*.orig" -delete'],
    ['git ls-files | xargs grep x'],
    ['docker run --rm image sh -c "ls"'],
    ['ls 2>&1 >/dev/null | head'],
    ['echo done >&2'],
    ['python3 -m pytest -x && node --test'],
    ['npx tsc --noEmit; echo $?'],
    ['git push origin feature'],
    ['sudo apt-get install -y jq'],
    ['trap - EXIT'],
    ['curl -s https://example.com | jq .'],
    ['env'],
    ['x=1; y=$((x + 1)); echo "$y"'],
    ['test -f a || exit 1'],
    ['sed -i s/a/b/ file'],
    ['rmdir build'],
    ['git -c core.pager=cat log'],
  ])('lets %s pass', (command) => {
    expect(judge(command)).toEqual({ verdict: 'fine', ids: [] });
  });
});

describe('a destructive command in other clothes', () => {
  const character = fc.constantFrom('plain', 'backslash', 'single', 'double', 'ansi', 'continued');
  const CLOSING: Record<string, string> = { '( ': ')', '{ ': '; }', 'if ! ': '; then :; fi' };
  const blank = fc.constantFrom(' ', '  ', '\t', ' \\\n ');
  const before = fc.constantFrom(
    'true && ',
    'true; ',
    'true | ',
    '! ',
    // Without the blank, two of them begin arithmetic.
    '( ',
    '{ ',
    'if ! ',
  );
  const wrapper = fc.constantFrom(
    ...[
      'sudo ',
      'sudo -n -u root ',
      'sudo A=b ',
      'env A=b ',
      'command ',
      'exec ',
      'nohup ',
      'nice -n 5 ',
      'timeout 5 ',
    ],
    ...['xargs ', 'setsid ', 'busybox ', 'command ', 'time -p ', 'stdbuf -oL ', 'chroot / ', "'doas' "],
  );
  const target = fc.constantFrom('/', '/*', '~', '*', '..', '/etc', './*');

  function dress(word: string, styles: readonly string[]): string {
    return [...word]
      .map((char, at) => {
        // What a quote makes literal is no longer the home or a pattern.
        if (char === '*' || char === '~') return char;
        switch (styles[at % styles.length]) {
          case 'backslash':
            return `\\${char}`;
          case 'single':
            return `'${char}'`;
          case 'double':
            return `"${char}"`;
          case 'ansi':
            return `$'\\x${char.charCodeAt(0).toString(16)}'`;
          case 'continued':
            return `\\\n${char}`;
          default:
            return char;
        }
      })
      .join('');
  }

  it('never passes unseen', () => {
    const styles = fc.array(character, { minLength: 1, maxLength: 5 });
    const prefixes = fc.tuple(
      fc.array(before, { maxLength: 3 }),
      fc.array(fc.constantFrom('A=b ', '>log ', '<in '), { maxLength: 2 }),
      fc.array(wrapper, { maxLength: 4 }),
    );
    fc.assert(
      fc.property(prefixes, styles, blank, target, ([firsts, others, wrappers], style, space, operand) => {
        const command = ['/bin/rm', '-rf', operand].map((word) => dress(word, style)).join(space);
        const closing = firsts.map((text) => CLOSING[text] ?? '').reverse();
        const whole = [...firsts, ...others, ...wrappers, command, ...closing].join('');
        expect(judge(whole).verdict).not.toBe('fine');
      }),
      { numRuns: 1_000 },
    );
  });

  it('is found in shells within shells', () => {
    const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
    let command = 'rm -rf /';
    for (let depth = 1; depth <= 5; depth++) {
      command = `sh -c ${quote(command)}`;
      expect(judge(command).verdict).toBe('destructive');
    }
    expect(judge(`sh -c ${quote(command)}`).verdict).toBe('opaque');
  });
});

describe('CommandRule', () => {
  const rule = (document: CommandRuleDocument): CommandRule => CommandRule.compile(document);

  it('looks for a sub-command behind the options of the program', () => {
    const push = rule({ programs: ['git'], arguments: ['push'] });
    for (const command of [
      'git push',
      'git -C x push origin',
      'git -c a.b=c --no-pager push',
      'sudo git --git-dir x push',
    ]) {
      expect(push.matches(reading(command))).toBe(true);
    }
    for (const command of ['git log push', 'git -C push status', 'echo git push']) {
      expect(push.matches(reading(command))).toBe(false);
    }
    expect(push.mayMatch(reading('git $x'))).toBe(true);
    expect(push.mayMatch(reading('git $x push'))).toBe(true);
    expect(push.mayMatch(reading('git log "$x"'))).toBe(false);
  });

  it('needs all that it states, of one call', () => {
    const both = rule({ programs: ['git'], arguments: ['push'], operands: ['main', '*:main'] });
    expect(both.matches(reading('git push origin main'))).toBe(true);
    expect(both.matches(reading('git push origin HEAD:main'))).toBe(true);
    expect(both.matches(reading('git push origin x; git checkout main'))).toBe(false);
  });

  it('counts what is not known against what is missing', () => {
    const open = rule({ programs: ['chmod'], options: [['-R']], operands: ['777'] });
    expect(open.mayMatch(reading('chmod "$mode" x'))).toBe(false);
    expect(open.mayMatch(reading('chmod $mode x'))).toBe(true);
    expect(open.mayMatch(reading('chmod -R "$mode" x'))).toBe(true);
    expect(open.mayMatch(reading('chmod "$a" "$b"'))).toBe(true);
    expect(open.mayMatch(reading('ls "$a" $b'))).toBe(false);
  });

  it('takes what follows -- for operands', () => {
    const recursive = rule({ programs: ['rm'], options: [['-r']] });
    expect(recursive.matches(reading('rm -- -r'))).toBe(false);
    expect(recursive.matches(reading('rm x -r'))).toBe(true);
  });

  it('asks for redirections without a program', () => {
    const disk = rule({ writes: ['/dev/sd*'] });
    expect(disk.matches(reading('x > /dev/sda'))).toBe(true);
    expect(disk.matches(reading('x < /dev/sda'))).toBe(false);
    expect(disk.mayMatch(reading('x > /dev/$y'))).toBe(true);
    expect(disk.mayMatch(reading('x > "/tmp/$y"'))).toBe(false);
  });

  it.each<[string, CommandRuleDocument]>([
    ['nothing', {}],
    ['an empty list', { programs: [] }],
    ['an empty inner list', { programs: ['rm'], options: [[]] }],
    ['an empty glob', { programs: [''] }],
    ['a lone backslash', { operands: ['a\\'] }],
    ['a very long glob', { operands: ['a'.repeat(257)] }],
  ])('refuses a rule of %s', (_what, document) => {
    expect(() => rule(document)).toThrow(RangeError);
  });
});

describe('CommandGlob', () => {
  it.each([
    ['mkfs.*', 'mkfs.ext4', true],
    ['mkfs.*', 'mkfs', false],
    ['/dev/sd*', '/dev/sda/x', true],
    ['?:', 'c:', true],
    ['?:', 'cc:', false],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['*a*b', 'xaxbxb', true],
    ['*a*b', 'xaxbx', false],
    ['A', 'a', false],
    ['?', '😀', true],
    ['**', '', true],
  ])('%s of %s: %s', (glob, text, expected) => {
    expect(CommandGlob.compile(glob).matches(text)).toBe(expected);
  });

  it('agrees with a regular expression', () => {
    const part = fc.constantFrom('a', 'b', '*', '?', '\\*', '\\?', '\\\\', '.');
    const text = fc.array(fc.constantFrom('a', 'b', '*', '?', '\\', '.'), { maxLength: 12 });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), text, (parts, chars) => {
        const source = parts.map((token) =>
          token === '*' ? '.*' : token === '?' ? '.' : token === '.' ? '\\.' : token,
        );
        const expected = new RegExp(`^${source.join('')}$`, 's').test(chars.join(''));
        const glob = CommandGlob.compile(parts.join(''));
        expect(glob.matches(chars.join(''))).toBe(expected);
        if (expected)
          for (let at = 0; at <= chars.length; at++)
            expect(glob.mayMatchFrom(chars.slice(0, at).join(''))).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});
