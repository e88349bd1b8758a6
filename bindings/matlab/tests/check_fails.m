function check_fails(call, identifier, varargin)
% Fails unless a call ends by an error with this identifier whose message has these texts.
try
    call();
catch problem
    if ~strcmp(problem.identifier, identifier)
        error('test:error', 'expected the error %s, got %s: %s', identifier, problem.identifier, problem.message);
    end
    for k = 1:numel(varargin)
        if isempty(strfind(problem.message, varargin{k})) %#ok<STREMP>
            error('test:error', 'expected "%s" in the message: %s', varargin{k}, problem.message);
        end
    end
    return
end
error('test:error', 'expected the error %s, got none', identifier);
end
