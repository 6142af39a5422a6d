import fc from 'fast-check';
import type { CommandReading } from './command-reading.js';
import { readCommand } from './read-command.js';

function reading(command: string): CommandReading {
  const result = readCommand(command);
  if ('refused' in result) throw new Error(`${result.refused}: ${command}`);
  return result;
}

/** `via program args`, unknown arguments as `?`. */
function calls(command: string): string[] {
  return reading(command).calls.map(({ program, args, via }) =>
    [...via.map((wrapper) => `${wrapper}>`), program, ...args.map((arg) => arg ?? '?')].join(' '),
  );
}

describe('readCommand', () => {
  it.each<[string, string[]]>([
    ['ls -la src', ['ls -la src']],
    ['/usr/bin/LS.exe', ['ls']],
    ["'C:\\Windows\\System32\\format.com' c:", ['format c:']],
    ['sudo -n /bin/rm -r -f / ', ['sudo> rm -r -f /']],
    ['a | b && c; d & e', ['a', 'b', 'c', 'd', 'e']],
    ['echo "a $x b" $y \'c d\' e\\ f', ['echo ? ? c d e f']],
    ['echo "$HOME/x" ${PWD}', ['echo ~/x .']],
    ['echo a{b,c{d,e}}f {1..3} {c..a} {01..3}', ['echo abf acdf acef 1 2 3 c b a 01 02 03']],
    ["echo {a,'b c'} \\{a,b\\} '{a,b}' {a} {a..1}", ['echo a b c {a,b} {a,b} {a} {a..1}']],
    ['echo {a,$x}', ['echo ?']],
    ['echo {#,a}', ['echo # a']],
    ['export A=~/x B="$y"', ['export A=~/x ?']],
    ['echo *.ts [ab] @(c|d)', ['echo *.ts [ab] @(c|d)']],
    ['A=b', []],
    ['A=b >x', []],
    ['env', ['env']],
    ['env -i A=b nice -n 5 make all', ['env> nice> make all']],
    ['timeout --signal=KILL 5s make', ['timeout> make']],
    [
      'find src -name x -exec rm {} \\; -exec ls a{}b +',
      ['find src -name x -exec rm {} ; -exec ls a{}b +', 'find> rm ?', 'find> ls ? +'],
    ],
    ['xargs -0 -n 1 grep x', ['xargs> grep x ?']],
    ['xargs -I{} mv {} b/{}', ['xargs> mv ? ?']],
    ['sh -c "ls; pwd"', ['sh> ls', 'sh> pwd']],
    ['bash -o pipefail -c ls name arg', ['bash> ls']],
    ['sh script.sh a', ['sh script.sh a']],
    ['. ./env.sh', ['. ./env.sh']],
    ['ssh -p 22 me@host -t ls -la', ['ssh> ls -la']],
    ['ssh host', ['ssh host']],
    ['git -C x -c a.b=c push', ['git -C x -c a.b=c push']],
    ['docker run image sh -c x', ['docker run image sh -c x']],
    ["trap 'rm x' EXIT", ['trap> rm x']],
    ["alias ll='ls -l' b", ['alias> ls -l']],
    ['command -v rm', ['command -v rm']],
    ['echo x | sh', ['echo x', 'sh> x']],
    ['echo `a \\`b\\``', ['echo ?', 'a ?', 'b'].reverse().reverse()],
    ['# rm', []],
    ['', []],
  ])('finds the calls of %s', (command, expected) => {
    expect(calls(command).sort()).toEqual([...expected].sort());
  });

  it.each<[string, string[]]>([
    ['cat .env', ['.env']],
    ['cat < .env', ['.env']],
    ['cat .e"n"v', ['.env']],
    ['cat {a,.env}', ['.env', 'a']],
    ['cat ./{.env,b}', ['./.env', './b']],
    ['docker run --env-file=.env x', ['.env']],
    ['curl -d @.env x', ['.env']],
    ['curl -F "file=@.env;type=x" x', ['.env;type=x']],
    ['curl --form file=@.env', ['.env']],
    ['dd if=.env', ['.env']],
    ['grep -f.env x', ['.env']],
    ['scp host:.env .', ['.env']],
    ['git show HEAD:.env', ['.env']],
    ['A=.env', ['.env']],
    ['export A=.env', ['.env']],
    ['A=(x .env)', ['.env']],
    ['cat "$HOME/.ssh/id_rsa"', ['~/.ssh/id_rsa']],
    ['cat $dir/.env', ['/.env', '.env']],
    ['cat "${dir}".env', ['.env']],
    ['cat ${x:-.env}', ['.env']],
    ['cat $(echo .env)', ['.env']],
    ['cat <(cat .env)', ['.env']],
    ['for f in .env; do cat $f; done', ['.env']],
    ['case .env in *) ;; esac', ['.env']],
    ['[[ -f .env ]]', ['.env']],
    ['sh -c "cat .env"', ['.env']],
    ['ls > >(cat .env)', ['.env']],
    ['cat <<A\n$(cat .env)\nA\n', ['.env']],
    ['cat <<< .env', ['.env']],
    [`python -c 'open(".env").read()'`, ['.env']],
    ['sudo cat .env', ['.env']],
    ['. .env', ['.env']],
  ])('names the files of %s', (command, expected) => {
    expect(reading(command).words).toEqual(expect.arrayContaining(expected));
  });

  it('keeps a text as one word, and a heredoc as none', () => {
    expect(reading('git commit -m "add .env"').words).not.toContain('.env');
    expect(reading('cat <<A\n.env\nA\n').words).toEqual([]);
  });

  it('tells patterns from names', () => {
    expect(reading('cat .e* "x*" y').patterns).toEqual(['.e*']);
  });

  it('keeps what is written apart from what is read', () => {
    const { written, writtenUnder } = reading(
      'a > b >> c >| d &> e &>> f <> g < h 2>&1 >& i >&2 2> /dev/null > "/dev/$x" > $y > >(z) 3>&-',
    );
    expect(written).toEqual(['b', 'c', 'd', 'e', 'f', 'g', 'i', '/dev/null']);
    expect(writtenUnder).toEqual(['/dev/', '']);
  });

  it.each([
    ["python3 -c 'print(1)'"],
    ['node -e x'],
    ['node -pe x'],
    ['perl -ne x'],
    ['ruby -e x'],
    ['php -r x'],
    ['sudo python -c x'],
    ['python - <<A\nx\nA\n'],
    ['node <<A\nx\nA\n'],
    ["python <<< 'x'"],
    ['awk \'BEGIN { system("x") }\''],
  ])('marks the code of %s', (command) => {
    expect(reading(command)).toMatchObject({ interpreted: true, opaque: null });
  });

  it.each([
    ['python x.py -c y'],
    ['node x.js'],
    ['node --test'],
    ['python -m json.tool < x'],
    ["awk '{ print $1 }' x"],
  ])('does not mark %s', (command) => {
    expect(reading(command)).toMatchObject({ interpreted: false, opaque: null });
  });

  it.each([
    ['echo "a'],
    ["echo 'a"],
    ['echo $(a'],
    ['echo `a'],
    ['echo ${a'],
    ['a )'],
    ['a; }'],
    ['if a; then b'],
    ['a ||'],
    ['| a'],
    ['a > '],
    ['f() a'],
    ['cat <<A\nx'],
    ['echo "$(echo "a)"'],
    ['echo $(echo $(if))'],
    ['echo `echo $(if)`'],
    ['cat <<A\n$(if)\nA\n'],
    ['sh -c "if"'],
    ["eval 'a )'"],
    ["trap 'a )' EXIT"],
    ['a\0b'],
    ['a\rb'],
    ['a\u001bb'],
    ['a\u007fb'],
    ['a\u0085b'],
    ['a\u202eb'],
    ['a\u2066b'],
    ['a\u200bb'],
    ['a\ud800b'],
    ['x'.repeat(16_385)],
    ['é'.repeat(8_193)],
    ['$(a)'.repeat(33)],
    ['`a`'.repeat(17)],
    ['${a}'.repeat(33)],
    ['cat <(a) '.repeat(33)],
    ['{a,b}'.repeat(12)],
    ['echo {{a,b},{c,d}}{e,f}{g,h}{i,j}{k,l}{m,n}{o,p}{q,r}{s,t}'],
    ['{a,b,c,d,e,f,g,h} '.repeat(900) + '{a..z}{a..z} '.repeat(100)],
  ])('refuses %j', (command) => {
    expect(readCommand(command)).toEqual({ refused: expect.any(String) });
  });

  it.each([
    ['x'.repeat(16_384)],
    ['é'.repeat(8_192)],
    ['$(a)'.repeat(32)],
    ['echo "日本語 😀"\n\techo b'],
    ['((1+2))'],
    ['for ((;;)); do :; done'],
    ['echo $(( ))'],
    ['{a,b}'.repeat(9)],
  ])('reads %j', (command) => {
    expect(readCommand(command)).not.toHaveProperty('refused');
  });

  it('answers for any text', () => {
    const token = fc.constantFrom(
      ...[
        '$(',
        '`',
        '${',
        '$((',
        '))',
        ')',
        '}',
        '{',
        '(',
        '"',
        "'",
        '\\',
        '<<A',
        '\nA\n',
        '\n',
        ' ',
        '|',
        '&',
        ';',
        '<',
        '>',
      ],
      ...[
        'if ',
        'then ',
        'fi',
        'case ',
        'esac',
        'in ',
        'do ',
        'done',
        'for ',
        'a',
        'b=',
        '[[ ',
        ' ]]',
        '{a,b}',
        '$x',
        '*',
        '@(',
        '!',
      ],
      ...[
        "$'",
        '$"',
        '#',
        '~',
        'sh -c ',
        'eval ',
        'xargs ',
        'find -exec ',
        'git -c ',
        'sudo ',
        'env -S ',
        'python <<< ',
      ],
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.string({ maxLength: 200 }),
      fc.array(token, { maxLength: 40 }).map((tokens) => tokens.join('')),
    );
    fc.assert(
      fc.property(text, (command) => {
        const result = readCommand(command);
        expect('refused' in result ? result.refused !== '' : Array.isArray(result.calls)).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });
});
