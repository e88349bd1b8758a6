function build(folder)
% BUILD  Compiles the MEX file of rkeops, with mex in MATLAB and with mkoctfile --mex in Octave.
%
%   build            compiles into the folder of this file
%   build(folder)    compiles into another folder
%
% This folder is put on the path; savepath keeps it there.
%
% The header is that of the checkout around this folder, or of the prefix that the environment variable RKEOPS_HOME
% names. The library is the file that RKEOPS_LIBRARY names, or lib/ of RKEOPS_HOME, or what cargo has built in the
% checkout, or now builds. It is looked for at its place when the MEX file is loaded: do not move it, or build again.
here = fileparts(mfilename('fullpath'));
if nargin < 1, folder = here; end
root = fileparts(fileparts(here));
home = getenv('RKEOPS_HOME');
library = library_file(root, home);
include = fullfile(root, 'include');
if ~isempty(home), include = fullfile(home, 'include'); end
if exist(fullfile(include, 'rkeops.h'), 'file') ~= 2
    error('rkeops:build', ...
        'expected the header rkeops.h in %s: set RKEOPS_HOME to the prefix of an installed rkeops', include);
end
names = {'rkeops_mex.c', 'errors.c', 'handles.c', 'tensors.c', 'ranges.c', 'arrays.c', 'run.c'};
sources = cellfun(@(name) fullfile(here, 'src', name), names, 'UniformOutput', false);
target = fullfile(folder, ['rkeops_mex.', mexext()]);
if exist('rkeops_mex', 'file') == 3
    % A file that is in use cannot be written.
    try
        rkeops_mex('unload');
    catch
        % One that cannot be loaded is not in use.
    end
    clear rkeops_mex
end
place = fileparts(library);
if exist('OCTAVE_VERSION', 'builtin')
    % Objects apart from the sources, which need not be writable.
    objects = tempname();
    mkdir(objects);
    cleaner = onCleanup(@() confirm_and_remove(objects));
    made = cell(size(sources));
    for k = 1:numel(sources)
        [~, name] = fileparts(sources{k});
        made{k} = fullfile(objects, [name, '.o']);
        call_compiler('--mex', '-c', '-DRKEOPS_OCTAVE', ['-I', include], '-o', made{k}, sources{k});
    end
    call_compiler('--mex', ['-Wl,-rpath,', place], '-o', target, made{:}, ['-L', place], '-lrkeops');
elseif ispc
    mex('-R2017b', '-outdir', folder, '-output', 'rkeops_mex', ['-I', include], sources{:}, import_library(library));
else
    mex('-R2017b', '-outdir', folder, '-output', 'rkeops_mex', ['-I', include], ...
        ['LDFLAGS=$LDFLAGS -Wl,-rpath,', place], sources{:}, library);
end
addpath(here);
fprintf('made %s\n', target);
end

function call_compiler(varargin)
[output, status] = mkoctfile(varargin{:});
if status ~= 0, error('rkeops:build', 'the compiler failed:\n%s', output); end
end

function confirm_and_remove(folder)
% Octave asks before it removes a folder with files, unless it is told not to.
old = confirm_recursive_rmdir(false);
rmdir(folder, 's');
confirm_recursive_rmdir(old);
end

function file = library_file(root, home)
names = {'librkeops.so', 'librkeops.dylib', 'rkeops.dll'};
file = getenv('RKEOPS_LIBRARY');
if ~isempty(file)
    if exist(file, 'file') ~= 2
        error('rkeops:build', 'RKEOPS_LIBRARY: expected the path of a library, got %s, which is no file', file);
    end
    return
end
places = {fullfile(root, 'target', 'release')};
if ~isempty(getenv('CARGO_TARGET_DIR')), places = [{fullfile(getenv('CARGO_TARGET_DIR'), 'release')}, places]; end
if ~isempty(home), places = [{fullfile(home, 'lib'), fullfile(home, 'bin')}, places]; end
file = found_in(places, names);
if isempty(file) && isempty(home) && exist(fullfile(root, 'Cargo.toml'), 'file') == 2
    system(sprintf('cargo build --release -p rkeops --manifest-path "%s"', fullfile(root, 'Cargo.toml')));
    file = found_in(places, names);
end
if ~isempty(file), return, end
error('rkeops:build', ...
    'expected librkeops in %s: build it with "cargo build --release -p rkeops", or set RKEOPS_LIBRARY to its file', ...
    strjoin(places, ', '));
end

function file = found_in(places, names)
% The first of these files that there is, or ''.
for k = 1:numel(places)
    for n = 1:numel(names)
        file = fullfile(places{k}, names{n});
        if exist(file, 'file') == 2, return, end
    end
end
file = '';
end

function file = import_library(library)
% Windows links with a file that says what is in the library.
file = [library, '.lib'];
end
