function kilobytes = resident_kilobytes()
% Memory of this process, or 0 where the system does not tell.
kilobytes = 0;
if exist('/proc/self/status', 'file') == 2
    found = regexp(fileread('/proc/self/status'), 'VmRSS:\s*(\d+)', 'tokens', 'once');
    kilobytes = str2double(found{1});
end
end
